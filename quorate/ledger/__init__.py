"""The state machine that certified heights drive, and the checks a stranger can make."""
