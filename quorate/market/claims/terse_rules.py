# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""What short segments say: each rule covers a whole segment."""

import re
from collections.abc import Callable

from quorate.market.claims import terse_truths as truths
from quorate.market.claims.figures import Truth
from quorate.market.claims.lexer import Token
from quorate.market.claims.rules import rx
from quorate.market.claims.terse_truths import Segment
from quorate.market.claims.values import Known

_K = r"(?:BE |BEING |: |= |-> |~ |\u2248 |ABOUT |P:of |P:at |ONLY |count |size )*"
_SUBJ = r"(?:(?:(?:THERE |there |IT |I |MY CLUSTER |THE CLUSTER |CLUSTER )(?:HAVE |BE |got |get )+)?(?:ONLY |ABOUT |still )?)"
_OF = r"(?:(?:/|P:of|C:out_of|P:out_of) (?:THE |MY |ALL |TOTAL )*N (?:NODE |TOTAL )*)"
_NOW = r"(?:now |here |today |currently |P:at present |IN TOTAL |IN all |P:on CLUSTER |IN CLUSTER |IN (?:MY|THE|THIS) CLUSTER |P:on SELFID |THIS |P:of (?:MY|THE) NODE )?"
_JOBTAIL = r"(?:P:by (?:THE |THIS )?JOB |P:for (?:THE |THIS )?JOB )?"
_PERNODE = r"(?:(?:/ |PER |A |P:on PER |P:on A |IN PER |HAVE PER |P:on |P:for PER )NODE |PER |NODE PER )"

_Maker = Callable[[Segment, Token], Truth | None]


def _plain(make: Callable[[Known], Truth]) -> _Maker:
    return lambda segment, token: make(segment.scene.known)


NUMBERS: tuple[tuple[re.Pattern[str], _Maker], ...] = tuple(
    (rx(pattern), maker)
    for pattern, maker in (
        (
            r"(?:I HAVE |I got )?(?:NODE |TOTAL NODE )?(?:FREE )(?:NODE )?"
            + _K
            + r"(?P<n>N )(?:NODE )?"
            + _OF
            + r"?(?:(?:>=|>) N )?",
            _plain(truths.free),
        ),
        (
            _SUBJ
            + r"(?P<n>N )"
            + _OF
            + r"?(?:NODE )?(?:BE |stand |still |NOT ){0,3}(?:FREE |BUSY )(?:NODE )?(?:N )?"
            + _NOW
            + _OF
            + r"?(?:>= N )?",
            truths.free_or_busy,
        ),
        (
            _SUBJ
            + r"(?P<n>N )(?:NODE )?(?:HEDGE |will |BE ){0,2}(?:left )(?:FREE |AFTER |THE |THIS |JOB |placement |P:after |free ){0,4}",
            _plain(truths.left),
        ),
        (
            r"(?P<n>N )(?:NODE )?(?:FREE |still )*(?:AFTER )(?:THIS |THE |placement |MY |it |IT )?(?:JOB )?",
            _plain(truths.left),
        ),
        (r"(?P<n>N )(?:NODE )?(?:stay|stays) FREE ", _plain(truths.left)),
        (
            r"(?:this |that |WH |THIS |IT )?(?:LEAVE )(?:ABOUT |ONLY |I |P:with )*(?P<n>N )(?:NODE )?(?:FREE |left |P:for OTHER )?",
            _plain(truths.left),
        ),
        (
            r"(?:AFTER |left )(?:THE |THIS |JOB |placement |: |= |BE )*(?P<n>N )(?:NODE )?(?:FREE |left )?",
            _plain(truths.left),
        ),
        (r"(?:AFTER )(?:THE |THIS )?JOB (?::|BE|=)? ?(?P<n>N )(?:NODE )?(?:BE )?(?:FREE |left )?", _plain(truths.left)),
        (r"(?:NODE )?(?:BUSY )(?:NODE )?" + _K + r"(?P<n>N )(?:NODE )?" + _OF + "?", truths.busy),
        (
            _SUBJ + r"(?P<n>N )(?:NODE |JOB |JOBS )?(?:BE )?(?:running |IN JOBS |IN JOB |P:at work )" + _NOW,
            _plain(truths.allocated),
        ),
        (r"(?:running )(?::|=|BE)? ?(?P<n>N )(?:NODE )?", _plain(truths.allocated)),
        (r"(?:BG )(?:LOAD |NODE |use |work )?" + _K + r"(?P<n>N )(?:NODE )?", _plain(truths.background)),
        (
            r"(?P<n>N )(?:NODE )?(?:BE )?(?:P:for |IN )?(?:BG )(?:use |JOBS |LOAD |NODE |work )?",
            _plain(truths.background),
        ),
        (
            r"(?:JOB |ITS |its )?(?:NODE )?(?:REQ )(?:NODE |size |P:for )?"
            + _K
            + r"(?P<n>N )(?:NODE )?(?:(?:/|P:of) N (?:FREE )?)?",
            truths.asked,
        ),
        (r"(?P<n>N )(?:NODE )?(?:BE )?(?:REQ )" + _JOBTAIL, truths.asked),
        (r"(?:JOB )(?:REQ |RUN |size |BE |NODE )?" + _K + r"(?P<n>N )(?:NODE )", truths.asked),
        (r"(?P<n>N )NODE JOB ", truths.asked),
        (r"(?P<n>N )NODE REQ ", truths.asked),
        (
            r"(?:TOTAL |CLUSTER |size |CLUSTER size |NODE TOTAL |TOTAL NODE )(?:: |= |BE )?(?P<n>N )NODE ",
            _plain(truths.nodes),
        ),
        (r"(?:NODE TOTAL |TOTAL NODE )" + _K + r"(?P<n>N )", _plain(truths.nodes)),
        (
            _SUBJ
            + r"(?P<n>N )NODE (?:TOTAL |exist |IN CLUSTER |CLUSTER |IN (?:MY|THE|THIS) CLUSTER |stand here |IN TOTAL )",
            _plain(truths.nodes),
        ),
        (r"NODE " + r"(?:: |= |BE )?(?P<n>N )", _plain(truths.nodes_or_asked)),
        (
            r"(?P<n>N |Q:mem )(?:T:memory |PER NODE |/ NODE |FREE |GPUS |NODE ){0,2}(?:>=|>) (?:N |Q:mem )(?:REQ |ok )?",
            truths.held,
        ),
        (r"(?P<of>N )(?:/|P:of) (?P<n>N )(?:NODE |= Q:pct |-> Q:pct |= )?", truths.whole),
        # shares and load
        (r"(?:JOB |JOB 'S |node |THE )?(?:share )" + _K + r"(?P<n>Q:pct )(?:P:of \S+ |REQ )?", _plain(truths.share)),
        (
            r"(?:RUN |REQ |takes )?(?P<n>Q:pct )(?:share |REQ |P:of (?:THE |MY )?(?:NODE |CLUSTER |I )(?:size )?)",
            _plain(truths.share),
        ),
        (r"(?:JOB )?(?:RUN |REQ |IT REQ )(?P<n>Q:pct )", _plain(truths.share)),
        (
            r"N (?:NODE |P:of \S+ )*(?:BE |= |-> )(?P<n>Q:pct )(?:P:of (?:I|MY CLUSTER|CLUSTER|THE CLUSTER|it|IT) )?",
            truths.share_of_asked,
        ),
        (
            r"(?:BUSY |LOAD |full |(?:MY )?CLUSTER (?:LOAD |BUSY )?)"
            + _K
            + r"(?P<n>Q:pct )(?:BUSY |full |LOAD )?(?<!CLUSTER Q:pct )(?<!CLUSTER BE Q:pct )",
            _plain(truths.load),
        ),
        (
            _SUBJ
            + r"(?:ABOUT |PARTLY )?(?P<n>Q:pct )(?:P:of )?(?:MY |THE |ALL )*(?:NODE |CLUSTER )?(?:BE )?(?:BUSY |full |LOAD )"
            + _NOW,
            _plain(truths.load),
        ),
        (
            _SUBJ
            + r"(?:ABOUT |PARTLY )?(?P<n>Q:pct )(?:P:of )?(?:MY |THE |ALL )*(?:NODE |CLUSTER )?(?:BE )?(?:FREE |empty )"
            + _NOW,
            _plain(truths.free_part),
        ),
        (r"(?:FREE )" + _K + r"(?P<n>Q:pct )", _plain(truths.free_part)),
        (r"(?P<n>Q:pct )", _plain(truths.any_share)),
        # amounts
        (
            r"(?:MY |THE )?(?:T:memory |NODE T:memory |NODE )?"
            + _PERNODE
            + r"?(?:T:memory )?(?:HAVE |carry )?"
            + _K
            + r"(?P<n>Q:mem )(?:P:of )?(?:T:memory )?"
            + _PERNODE
            + r"(?:T:memory )?(?:now |here )?",
            truths.memory_each,
        ),
        (
            r"(?:T:memory (?:/|PER) NODE |NODE T:memory |PER NODE (?:HAVE )?|(?:MY |THE )?NODE (?:HAVE |carry |: ))"
            + _K
            + r"(?P<n>Q:mem )(?:P:of )?(?:T:memory )?",
            truths.memory_each,
        ),
        (
            r"(?:TOTAL )?(?:T:memory )(?:TOTAL )?" + _K + r"(?P<n>Q:mem )(?:TOTAL |IN TOTAL )?",
            _plain(truths.memory_any),
        ),
        (r"(?P<n>Q:mem )(?:P:of )?(?:TOTAL )?(?:T:memory )(?:TOTAL |IN TOTAL )?", _plain(truths.memory_any)),
        (r"(?:I HAVE |I got )?(?P<n>Q:mem )(?:T:storage |STO |attached )?", truths.bare_bytes),
        (
            r"(?:REQ |JOB REQ |IT REQ |T:memory REQ |REQ T:memory )(?:P:for )?(?P<n>Q:mem )(?:P:of |REQ )?(?:T:memory )?"
            + _PERNODE
            + "?",
            _plain(truths.memory_asked),
        ),
        (
            r"(?P<n>Q:mem )(?:T:memory )?" + _PERNODE + r"?(?:BE )?REQ (?:PER NODE )?" + _JOBTAIL,
            _plain(truths.memory_asked),
        ),
        (
            r"(?:TIMEN |RUN |time |JOB |JOB RUN |JOB LASTS |LASTS )?"
            + _K
            + r"(?P<n>Q:time )(?:JOB |TIMEN |RUN |LASTS |BE (?:ok|okay|fine|quick|short|long|easy) )?",
            truths.walltime,
        ),
        (
            r"(?:network |link |links |net |ARCH |interconnect |links P:of )?"
            + _K
            + r"(?P<n>Q:bw )(?:network |link |links |net |ARCH |interconnect )?",
            _plain(truths.link),
        ),
        # GPUs and cores
        (
            r"(?:HAVE )?(?:MY )?(?:GPUS|T:gpu) (?:PER|/) NODE " + _K + r"(?P<n>N )(?:>= N )?(?:here )?",
            _plain(truths.gpus_each),
        ),
        (r"(?:GPUS|T:gpu) : (?P<n>N )PER NODE ", _plain(truths.gpus_each)),
        (r"NODE : (?P<n>N )(?:GPUS|T:gpu) ", _plain(truths.gpus_each)),
        (
            r"(?:(?:MY |THE (?:best )?)NODE (?:HAVE |carry )|I (?:HAVE |got ))(?P<n>N )(?:GPUS |T:gpu )"
            + _PERNODE
            + "?",
            _plain(truths.gpus_each_or_all),
        ),
        (r"(?P<n>N )(?:GPUS |T:gpu )" + _PERNODE + r"(?:here |now )?", _plain(truths.gpus_each)),
        (r"PER NODE HAVE (?P<n>N )(?:GPUS |T:gpu )", _plain(truths.gpus_each)),
        (r"(?:REQ |JOB REQ |IT REQ )(?P<n>N )(?:GPUS |T:gpu )" + _PERNODE, _plain(truths.gpus_asked)),
        (r"(?P<n>N )(?:GPUS |T:gpu )" + _PERNODE + "(?:BE )?REQ ", _plain(truths.gpus_asked)),
        (r"(?:GPUS |T:gpu )REQ (?P<n>N )" + _PERNODE, _plain(truths.gpus_asked)),
        (r"(?:TOTAL )?(?:GPUS |T:gpu )(?:TOTAL )" + _K + r"(?P<n>N )", _plain(truths.gpus)),
        (r"(?:TOTAL )(?:GPUS |T:gpu )" + _K + r"(?P<n>N )", _plain(truths.gpus)),
        (r"(?:GPUS |T:gpu )(?:: )?(?:IN )?(?:TOTAL )?(?P<n>N )(?:IN )?TOTAL ", _plain(truths.gpus)),
        (_SUBJ + r"(?P<n>N )(?:GPUS |T:gpu )(?:IN )?(?:TOTAL |CLUSTER |(?:MY|THE|THIS) CLUSTER )", _plain(truths.gpus)),
        (r"(?:CORE )(?:PER|/) NODE " + _K + r"(?P<n>N )", _plain(truths.cores_each)),
        (r"(?:PER NODE HAVE |NODE P:of |NODE HAVE )?(?P<n>N )CORE " + _PERNODE, _plain(truths.cores_each)),
        (r"(?:PER NODE HAVE |NODE P:of |NODE HAVE )(?P<n>N )CORE ", _plain(truths.cores_each)),
        (r"(?:TOTAL )?CORE (?:TOTAL )?" + _K + r"(?P<n>N )", _plain(truths.cores)),
        (_SUBJ + r"(?P<n>N )CORE (?:IN )?(?:TOTAL )?", _plain(truths.cores)),
    )
)
"""A segment that is one figure, and what the figure may truly be."""

_OK = r"(?:ok|okay|fine|TRUE|ENOUGH|met|RUN|suffices|suffice|FITV|FIT|covered|BE no problem|NO problem|NO issue)"
_BAD = r"(?:(?<!REQ )(?<!REQ BE )NO|short|NOT ok|NOT okay|NOT fine|NOT TRUE|FALSE|NOT ENOUGH|NOT met|NOT RUN|do NOT (?:suffice|FITV|RUN)|SHORT|BE SHORT|NOT suffice|NOT FITV|too few)"
_THING = r"(?:AND |MY |THE |ALL |FREE |JOB |JOB 'S )*(?P<thing>NODE|GPUS|T:gpu|T:memory|capacity|resources|resource|REQ|requirements|needs) "
_AFTER_THING = r"(?:BOTH |BEING |REQ |requirement |requirements |PER NODE |need |needs |FREE |BE |: |= |HEDGE |[a-z]\S*ly |nevertheless |ALL |TOTAL |full ){0,4}"
_ABLE = r"(?:will |I |IT |JOB |THIS JOB |THE JOB |this |THIS |C:so |do |CLUSTER ){0,3}"
_WHEN = r"(?:P:at once |right away |immediately |now |here |today |IT |it |I |JOB |THE JOB |THIS JOB |P:on CLUSTER |: TRUE |easily |well |BE |on SELFID |P:on SELFID ){0,2}"

CAPACITY: tuple[tuple[re.Pattern[str], bool], ...] = (
    (rx(_THING + _AFTER_THING + _BAD + r" (?:P:for (?:THE |THIS )?JOB )?"), False),
    (
        rx(
            r"(?:NOT ENOUGH |SHORT |too few |too little |NO ENOUGH |do NOT HAVE ENOUGH )(?:FREE |T:[\w]+ HW )?"
            + _THING
            + r"(?:FREE )?"
        ),
        False,
    ),
    (rx(_THING + _AFTER_THING + _OK + r" (?:now |P:for I |P:for JOB )?"), True),
    (
        rx(
            r"(?:(?:I |MY CLUSTER )?HAVE )?(?:ENOUGH |TRUE )(?:FREE )?"
            + _THING
            + r"(?:FREE |P:for (?:THE |THIS )?JOB )?"
        ),
        True,
    ),
    (rx(r"(?P<all>I RUN ALL (?:THE )?(?:REQ|requirements|requirement) )"), True),
    (
        rx(
            _ABLE
            + r"(?:BE )?(?:NOT |NO |CANNOT |CAN NOT |CAN NOT BE |CANNOT BE |do NOT )(?:FITV|FIT|RUN|feasible|placeable|hostable|runnable|do|possible) "
            + _WHEN
        ),
        False,
    ),
    (
        rx(
            _ABLE
            + r"(?:BE )?(?:infeasible|unfeasible|impossible|FITV FALSE|FALSE FITV|FITV : (?:NO|FALSE)|(?:feasible|possible|runnable|FITV|fits) (?:: |= )(?:NO|FALSE)|NO room P:for (?:THE |THIS |it |IT )?(?:JOB |N NODE )?) ?"
        ),
        False,
    ),
    (
        rx(_ABLE + r"(?:BE )?(?:FITV|FIT|feasible|placeable|hostable|CAN (?:BE )?(?:RUN|do|start)|CAN FITV) " + _WHEN),
        True,
    ),
    (
        rx(
            r"(?:TRUE FITV|FITV TRUE|FITV : TRUE|(?:feasible|possible|runnable) (?:: |= )TRUE|room P:for (?:IT|it|JOB|THE JOB) : TRUE) "
        ),
        True,
    ),
)
"""A segment that says that the job, or one of its needs, is met; or is not."""

FORMULA = rx(
    r"TYPEN \( JOB \) (?P<sign>= |!= )TYPEN \( (?:CLUSTER|SELFID|I) \) |TYPEN \( (?:CLUSTER|SELFID|I) \) (?P<sign2>= |!= )TYPEN \( JOB \) "
)
_FOR = r"(?:P:for (?:I|IT|it|THIS|THE JOB) |P:with (?:MINE|I) |P:as I |P:to (?:I|MINE) |P:from (?:I|MINE) )?"
MATCHES: tuple[tuple[re.Pattern[str], bool], ...] = (
    (
        rx(
            r"(?:THE )?(?:TYPEN |T:\w+ TYPEN )(?:BE |: |= |do |HEDGE |JOB |AND |CLUSTER ){0,4}(?:NOT |NO )(?:A |THE |TOTAL )?(?:MATCHV |SAME |ok |TRUE |equal )"
        ),
        False,
    ),
    (
        rx(
            r"(?:THE )?(?:TYPEN |THE TYPEN )(?:BE |: |= ){0,2}(?:FALSE |NO |DIFF |MIS |P:unlike |unequal |wrong |different |not equal )"
            + _FOR
        ),
        False,
    ),
    (
        rx(
            r"(?:AND )?(?:FALSE TYPEN |DIFF TYPEN |wrong TYPEN |MIS TYPEN |TYPEN MIS |NO TYPEN MATCHV |NO MATCHV |NOT SAME |NOT SAME TYPEN |NOT MY TYPEN |NOT A MATCHV |MATCHV : NO |MATCHV (?:: |= )?FALSE |MIS |MIS : TRUE )"
            + _FOR
        ),
        False,
    ),
    (rx(r"TYPEN MATCHV (?:: |= )(?:FALSE|NO) "), False),
    (rx(r"JOB TYPEN != CLUSTER TYPEN |CLUSTER TYPEN != JOB TYPEN "), False),
    (
        rx(
            r"JOB TYPEN (?:AND |= )?CLUSTER TYPEN (?:BE )?(?:SAME )?|CLUSTER TYPEN (?:AND |= )?JOB TYPEN (?:BE )?(?:SAME )?|(?:MY|CLUSTER) TYPEN (?:FITV|MATCHV) (?:THE )?JOB TYPEN |JOB TYPEN (?:FITV|MATCHV) (?:MY|CLUSTER) TYPEN "
        ),
        True,
    ),
    (rx(r"NO (?:TYPEN )?MIS |MIS (?:: )?(?:NO|FALSE) |TYPEN MIS (?:: |= )(?:NO|FALSE|none) "), True),
    (
        rx(
            r"(?:MY |BOTH |THE )?TYPEN (?:- )?(?:: |= |BE |BEING |[a-z]\S* I BE THE |A ){0,3}(?:exact |TOTAL |full |good |A |perfect |THE |TRUE |all ){0,2}(?:MATCHV |SAME |ok |okay |fine |TRUE |agree |coincide |FITV |equal |right |correct |alike )(?:TRUE |: N |N |P:between (?:\S+ ){1,5}|ok |good )?"
        ),
        True,
    ),
    (
        rx(
            r"(?:TRUE TYPEN |(?:BOTH |IT BE |THE )*SAME TYPEN |TYPEN SAME |MATCHV TYPEN |MATCHV (?:: |= )?(?:TRUE |ok |good )?|P:given (?:THE )?SAME TYPEN )"
            + _FOR
        ),
        True,
    ),
    (rx(r"(?:A )?(?:TYPEN )?MATCHV (?:: |= )TRUE "), True),
    (
        rx(
            r"(?:IT |this |THIS |JOB |I )(?:BE )(?:P:of )?(?:THE )?(?:right |correct |SAME )TYPEN (?:P:for I |P:for IT |P:for THE JOB )?"
        ),
        True,
    ),
)
"""A segment that says whether the types match."""

_T = r"T:(?:hpc|gpu|memory|hybrid|ai|storage) "
_PAIR_HEAD = r"(?:TYPEN (?::|=)? ?)?"
PAIRS: tuple[tuple[re.Pattern[str], bool], ...] = (
    (rx(_PAIR_HEAD + r"(?P<a>" + _T + r")(?:JOB )?(?:!=|P:versus|P:vs|vs|NOT) (?P<b>" + _T + r")(?:CLUSTER )?"), False),
    (
        rx(
            _PAIR_HEAD
            + r"(?P<a>"
            + _T
            + r")(?:JOB )?(?:=|/|P:on|->|P:to|P:versus|P:vs|vs|FITV|RUN|P:for|MATCHV)(?: A| AN)? (?P<b>"
            + _T
            + r")(?:CLUSTER )?(?:: MATCHV )?"
        ),
        True,
    ),
)
"""Two types side by side."""

OWN = (
    rx(
        r"(?:own |CLUSTER |MY |MY CLUSTER |I |SELFID |CLUSTER BE |I BE )(?:TYPEN )?(?:: |= |-> |BE )?(?P<t>"
        + _T
        + r")(?:CLUSTER |TYPEN )?"
    ),
    rx(r"(?P<t>" + _T + r")(?:TYPEN )?CLUSTER "),
    rx(r"(?:CLUSTER |MY CLUSTER )BE TYPEN (?P<t>" + _T + ")"),
)
JOB = (
    rx(
        r"(?:JOB )(?:TYPEN |HAVE TYPEN )?(?:: |= |-> |BE |BE declared |BE listed P:as )?(?P<t>"
        + _T
        + r")(?:TYPEN |JOB )?"
    ),
    rx(r"(?:JOB BE |IT BE |SUBMITTER )?(?:TYPEN )(?P<t>" + _T + r")JOB "),
    rx(r"(?P<t>" + _T + r")JOB "),
)
EITHER = (
    rx(r"(?:TYPEN )(?:: |= |BE |-> )?(?P<t>" + _T + ")"),
    rx(r"(?P<t>" + _T + r")(?:TYPEN |TYPEN ok |ok TYPEN )"),
)
SPARED = rx(
    r"(?:I [a-z]\S* )?(?:NO |zero |N )(?:TYPEN |MIS )*PENALTY (?:REQ |applied |applies |apply |here |P:for (?:I|IT|THIS) )?|PENALTY (?:: |= |BE )?(?:NO |NOT |N |FALSE |AVOID |none |NOT (?:REQ |applied |applies |apply )|do NOT apply )|(?:PENALTY )AVOID "
)
CHARGED = rx(
    r"(?:I apply )?(?:A |THE |P:with |P:with A |HAVE )?(?:TYPEN |MIS )*PENALTY (?:applied |applies |apply |: TRUE |= TRUE |TRUE |REQ |counted |P:for (?:MIS |TYPEN MIS |TYPEN ))?"
)
DEDUCTS = rx(
    r"(?:I )?(?:subtract|deduct|discount|subtracting|deducting|SKIP) (?:N |Q:pct |[a-z]\S* |A BIT )?(?:P:for|C:because P:of|P:due_to|P:on account P:of) (?:THE |A |TYPEN |THIS )*(?:MIS|TYPEN DIFF|DIFF P:of TYPEN) "
)

MIXED = rx(
    r"(?:NODE |NODE TYPEN |TYPEN P:of NODE |THE NODE |MY NODE |CLUSTER )(?:BE |: |= )?(?:mixed |HET |DIFF |NOT SAME |NOT alike |several |P:of (?:several|DIFF|N|mixed|many) (?:kinds|TYPEN|sorts) )|(?:I HAVE )?(?:mixed |HET |DIFF |several )NODE |(?:I HAVE )?(?:mixed |HET |DIFF |several |N )(?:NODE TYPEN |NODE kinds |kinds P:of NODE )|HET (?:: TRUE |CLUSTER |TRUE )?|HOM : (?:FALSE|NO) |NOT ALL (?:THE |MY )?NODE (?:BE )?(?:alike|SAME|equal) "
)
ALIKE = rx(
    r"(?:ALL |PER |THE |MY |HOM )*NODE (?:BE |: |= )?(?:ALL )?(?:THE |A )?(?:HOM |SAME |alike |equal |uniform |equals )|(?:HOM )(?:NODE |: TRUE |CLUSTER |TRUE )?|(?:ONLY )?(?:one |single |one single |A single )(?:NODE TYPEN |kind P:of NODE (?:throughout |everywhere )?|NODE kind |TYPEN P:of NODE )|HET (?:: )?(?:NO|FALSE) |NODE TYPEN : (?:SAME|HOM) "
)
NO_GPUS = rx(
    r"(?:I HAVE |CLUSTER HAVE |P:with |THERE BE |there BE )?(?:NO |NOT one |NOT A single |NOT ANY )(?:GPUS|T:gpu) (?:here |P:on site |P:on NODE |stands? |stand |exist |IN (?:MY|THE|THIS) CLUSTER |at all |FREE_ )?|(?:GPUS|T:gpu) (?:: |= |BE )(?:NO |N |absent |none |missing )|CPUONLY |CPU ONLY "
)
HAS_GPUS = rx(
    r"(?:I HAVE |I got |THERE BE |there BE |MY )(?:GPUS|T:gpu) (?:HW |BE (?:ready|good|FREE|fast) |IN (?:MY|THIS|THE) CLUSTER |here )?|GPUS : TRUE "
)

IDLE = rx(
    r"(?:NO |nothing |N )(?:BE |JOB |JOBS )*(?:running |run |BUSY )(?:P:on CLUSTER |here |now |P:on (?:MY|THE|THIS) CLUSTER |P:at THIS moment |THIS |currently )?|(?:THE |MY |THIS )?CLUSTER HAVE NO (?:BUSY|running|JOBS running|running JOBS) (?:P:at THIS moment |now |THIS )?|NO (?:BUSY NODE|NODE BUSY|running JOBS|JOBS running|JOBS RUN) (?:now )?"
)
ALL_FREE = rx(
    r"(?:I |CLUSTER |MY CLUSTER |MY NODE )(?:stand |stands |sit |sits )(?:FREE |empty )|(?:ALL |TOTAL |fully |CLUSTER |CLUSTER BE |completely |entirely |CLUSTER BE ALL |IT BE )(?:NODE )?(?:BE )?(?:FREE |empty )"
)
NONE_FREE = rx(
    r"NOT A (?:single )?NODE BE FREE |(?:NO |nothing |none )(?:FREE NODE |NODE FREE |BE FREE |FREE )|NO FREE |ALL (?:NODE )?(?:BE )?BUSY |(?:CLUSTER |NODE |MY CLUSTER )(?:BE )?(?:fully )?(?:full |booked )|fully booked |completely (?:full|BUSY|booked) "
)
MOSTLY = (
    (rx(r"(?:I BE |CLUSTER BE |IT BE |MY CLUSTER BE )?(?:PARTLY )(?:FREE |empty )"), False),
    (rx(r"(?:I BE |CLUSTER BE |IT BE |MY CLUSTER BE )?(?:PARTLY )(?:BUSY |full |booked )"), True),
)
