"""What a pass over the outbox did, in numbers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What one pass did. `put_off` will be tried again, `dead` will not, `elsewhere` of them were told another way.

    `refused` are the reasons, each once, for which a channel or everything was refused for good.
    """

    sent: int = 0
    superseded: int = 0
    put_off: int = 0
    dead: int = 0
    elsewhere: int = 0
    refused: tuple[str, ...] = ()

    def __add__(self, other: "Delivered") -> "Delivered":
        """Add up two passes."""
        return Delivered(
            sent=self.sent + other.sent,
            superseded=self.superseded + other.superseded,
            put_off=self.put_off + other.put_off,
            dead=self.dead + other.dead,
            elsewhere=self.elsewhere + other.elsewhere,
            refused=tuple(dict.fromkeys((*self.refused, *other.refused))),
        )


SENT, SUPERSEDED, PUT_OFF = Delivered(sent=1), Delivered(superseded=1), Delivered(put_off=1)
