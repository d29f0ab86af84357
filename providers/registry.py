"""Looks providers up by code. Knows no concrete provider."""

from collections.abc import Iterable, Iterator

from providers.ports import Provider


class UnknownProvider(LookupError):
    """No installed provider has this code."""


class Registry:
    """The installed providers. Raises ``ValueError`` when two share a code."""

    def __init__(self, providers: Iterable[Provider]) -> None:
        self._by_code: dict[str, Provider] = {}
        for provider in providers:
            if provider.code in self._by_code:
                raise ValueError(f"two providers with the code {provider.code!r}")
            self._by_code[provider.code] = provider

    def __iter__(self) -> Iterator[Provider]:
        return iter(self._by_code.values())

    def get(self, code: str) -> Provider:
        try:
            return self._by_code[code]
        except KeyError:
            raise UnknownProvider(code) from None
