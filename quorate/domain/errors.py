"""Whose move is next: one tree of exceptions, split by who must act.

QuorateError
├─ OperatorError         a person must act; a door prints the sentence and exits 2
│  ├─ SettingsInvalid · CredentialMissing · RequestInvalid · PromptError
├─ ProtocolViolation     a peer broke the rules; never stops us
│  ├─ SignatureInvalid · CertificateInvalid · CommitteeMismatch · MessageMalformed
├─ LedgerBroken          history does not verify; the node stops, loudly
├─ WorldError            the world refused; retried or recorded by the hand that met it
│  ├─ ProviderUnreachable · BackendRefused · PeerUnreachable
└─ MisuseError           our own code called the core wrongly; never caught
   └─ StateConflict

Expected outcomes (an abstention, an unallocated job, a missing vote) are values, not exceptions.
"""


class QuorateError(Exception):
    """Base of everything Quorate raises on purpose."""


class OperatorError(QuorateError):
    """A person must act; the message names the thing, the value and the remedy."""


class SettingsInvalid(OperatorError):
    """The configuration does not parse or contradicts itself."""


class CredentialMissing(OperatorError):
    """A chosen provider has no key."""


class RequestInvalid(OperatorError):
    """A federation, job list, flag or ledger given by a person cannot be used."""


class PromptError(OperatorError):
    """A prompt file is missing, unlocked, or its placeholders differ from its declared inputs."""


class ProtocolViolation(QuorateError):
    """A peer's bytes break the rules; the peer is at fault, not we."""


class SignatureInvalid(ProtocolViolation):
    """A signature does not verify under the key it names."""


class CertificateInvalid(ProtocolViolation):
    """A certificate does not hold a quorum of valid votes."""


class CommitteeMismatch(ProtocolViolation):
    """A message was made under another committee or chain."""


class MessageMalformed(ProtocolViolation):
    """Bytes that are no message of ours: wrong layout, too large, unknown kind."""


class LedgerBroken(QuorateError):
    """History does not verify; `offset` is the first wrong byte and `height` where it stands, if known."""

    def __init__(self, message: str, *, offset: int | None = None, height: int | None = None) -> None:
        """Keep the place beside the sentence."""
        super().__init__(message)
        self.offset = offset
        self.height = height


class WorldError(QuorateError):
    """The world refused; retried or recorded by the hand that met it."""


class ProviderUnreachable(WorldError):
    """A model provider did not answer."""


class BackendRefused(WorldError):
    """A scheduler refused an awarded job."""


class PeerUnreachable(WorldError):
    """A peer cannot be reached."""


class MisuseError(QuorateError):
    """Our own code called the core wrongly; never caught."""


class StateConflict(MisuseError):
    """Two writers gave one key different values."""
