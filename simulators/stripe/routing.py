"""How a resource declares its endpoints: method, path, the SDK's params and what is simulated."""

from collections.abc import Callable
from dataclasses import dataclass, field

from simulators.stripe.store import Account
from simulators.stripe.wire import InvalidParameterError, Object


@dataclass(frozen=True, slots=True)
class Call:
    """One request, authenticated and with typed parameters."""

    account: Account
    params: Object
    id: str = ""


Handler = Callable[[Call], Object]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint. ``simulated`` names the parameters that have an effect here."""

    method: str
    path: str
    params_type: type
    simulated: frozenset[str]
    handler: Handler


@dataclass(frozen=True, slots=True)
class Routes:
    """The endpoints of one resource."""

    listed: list[Route] = field(default_factory=list)

    def __call__(
        self, method: str, path: str, params_type: type, simulated: str = ""
    ) -> Callable[[Handler], Handler]:
        """Return a decorator that declares an endpoint.

        ``simulated`` lists parameter names; a parameter that Stripe knows and this list does not
        is refused, so that nothing is ignored silently.
        """

        def declare(handler: Handler) -> Handler:
            names = frozenset(simulated.split())
            self.listed.append(Route(method, path, params_type, names, handler))
            return handler

        return declare


def check_simulated(params: Object, simulated: frozenset[str], path: str = "") -> None:
    """Refuse parameters that Stripe knows and the simulator would have to ignore.

    Raises:
        InvalidParameterError: with the code ``parameter_not_simulated``.
    """
    for name in params.keys() - simulated:
        full_name = f"{path}[{name}]" if path else name
        raise InvalidParameterError(
            f"Stripe takes the parameter {full_name}, this simulator does not.",
            code="parameter_not_simulated",
            param=full_name,
        )
