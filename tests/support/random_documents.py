"""Random JSON texts for keys: mostly sound, spelt in every way JSON allows, and now and then what must be refused."""

import base64
import json
import random

CHARACTERS = ["a", "B", "7", " ", "/", "~", '"', "\\", "\n", "\t", "\x00", "\x1f", "\x7f", "é", "ß", "\u2028", "\ufb33",
              "\ufffd", "\uffff", "\U0001f600", "\U0010ffff", "e\u0301"]
NUMBERS = ["0", "-0", "1", "1.0", "1e2", "100.0", "0.7", "0.705", "0.005", "0.125", "-0.001", "1E-7", "1e-400", "5e-324",
           "0.000001", "123456789012345680e-3", "4.50", "9007199254740991", "-9007199254740991", "333333333.33333329"]
BEYOND = ["9007199254740992", "-9007199254740993", "9007199254740991.5", "1e21", "1e400", "9" * 500]
NOT_JSON = [b"01", b"+1", b".5", b"1.", b"NaN", b"Infinity", b"'a'", b"tru", b'"\x01"', b'"\\x41"', b'"\\u12"', b"", b"[1,]",
            b'{"a":1,}', b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b"1 2", b"/**/1", b"\xef\xbb\xbf1"]
DOCUMENT = ["provider", "model", "endpoint", "messages", "params", "headers", "temperature", "max_tokens", "variant", "v"]
BODY = ["model", "messages", "temperature", "max_tokens", "stream", "user", "metadata", "service_tier", "tools", "seed", "stop",
        "params", "v", "provider"]
ENDPOINTS = ["", "/v1/chat/completions", "https://api.example/v1/messages", "https://h", "/a b/é?z=1&key=secret&a=%41&a=2#f",
             "/x?API-KEY=1&%6Bey=2&&b", "//h/p?q=://", "?a=b", "#f", "http://h?x"]
HEADERS = ["anthropic-beta", "Anthropic-Version", "OPENAI-BETA", "openai-beta", "authorization"]


class RandomDocuments:
    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def question(self) -> dict:
        """One line for the programs that dump keys."""
        if self.random.random() < 0.5:
            return {"kind": "document", "text_base64": self._base64(self._document())}
        headers = [[self.random.choice(HEADERS), self.random.choice(["", "a", "b, c", " é"])]
                   for _ in range(self.random.randrange(4))]
        return {"kind": "request", "text_base64": self._base64(self._members(BODY)), "headers": headers,
                "provider": self.random.choice(["openai", "api.example:8443", "p"]),
                "endpoint": self.random.choice(ENDPOINTS)}

    def _base64(self, text: bytes) -> str:
        return base64.b64encode(text).decode()

    def _document(self) -> bytes:
        names = self.random.sample(DOCUMENT[1:], self.random.randrange(len(DOCUMENT)))
        if self._rarely(30):
            names.append(self.random.choice(["unknown", names[0] if names else "provider"]))
        if not self._rarely(50):
            names.append("provider")
        self.random.shuffle(names)
        return self._object([(self._string(name, plain=True), self._member(name)) for name in names])

    def _members(self, names: list[str]) -> bytes:
        chosen = self.random.sample(names, self.random.randrange(len(names)))
        if self._rarely(30) and chosen:
            chosen.append(chosen[0])
        return self._object([(self._string(name, plain=True), self._member(name)) for name in chosen])

    def _member(self, name: str) -> bytes:
        if self._rarely(25):
            return self._value(2)
        if name in ("provider", "model", "endpoint"):
            return self._string("é" * self.random.choice([1, 128, 129]) if self._rarely(20) else "gpt-4")
        if name == "messages":
            return self._array([self._random_object(2) for _ in range(self.random.randrange(3))])
        if name in ("params", "headers", "metadata"):
            return self._random_object(4)
        if name in ("temperature", "max_tokens"):
            return self.random.choice(NUMBERS).encode()
        if name == "variant":
            return self.random.choice([b"0", b"1", b"2.0", b"4294967295", b"4294967296", b"-1"])
        return {"v": b"1", "stream": self.random.choice([b"true", b"false"])}.get(name) or self._value(3)

    def _value(self, depth: int) -> bytes:
        if self._rarely(200):
            return self.random.choice(NOT_JSON)
        if self._rarely(150):
            levels = self.random.randrange(90, 104)
            return b"[" * levels + b"]" * levels
        kind = self.random.randrange(7 if depth else 5)
        if kind == 0:
            return self.random.choice([b"null", b"true", b"false"])
        if kind in (1, 2):
            return self._number()
        if kind in (3, 4):
            return self._string(self._characters())
        if kind == 5:
            return self._array([self._value(depth - 1) for _ in range(self.random.randrange(4))])
        return self._random_object(depth - 1)

    def _random_object(self, depth: int) -> bytes:
        names = list({self._characters() for _ in range(self.random.randrange(5))})
        if names and self._rarely(60):
            names.append(names[0])
        return self._object([(self._string(name), self._value(depth)) for name in names])

    def _number(self) -> bytes:
        choice = self.random.randrange(60)
        if choice == 0:
            return self.random.choice(BEYOND).encode()
        if choice < 30:
            return self.random.choice(NUMBERS).encode()
        if choice < 45:
            return str(self.random.randrange(-2**53 + 1, 2**53)).encode()
        exponent = self.random.randrange(-330, 15)
        return f"{self.random.choice(['', '-'])}{self.random.random() * 10:.{self.random.randrange(18)}f}e{exponent}".encode()

    def _characters(self) -> str:
        return "".join(self.random.choice(CHARACTERS) for _ in range(self.random.randrange(6)))

    def _string(self, text: str, plain: bool = False) -> bytes:
        if not plain and self._rarely(150):
            return self.random.choice([rb'"\ud800"', rb'"\udc00\ud800"', rb'"\ud83dx"'])
        if self._rarely(4):
            return json.dumps(text).encode()
        if self._rarely(8):
            return ('"' + "".join(f"\\u{unit:04X}" for unit in self._utf16(text)) + '"').encode()
        return json.dumps(text, ensure_ascii=False).encode()

    def _utf16(self, text: str) -> list[int]:
        data = text.encode("utf-16-be")
        return [data[i] << 8 | data[i + 1] for i in range(0, len(data), 2)]

    def _object(self, members: list[tuple[bytes, bytes]]) -> bytes:
        return b"{" + b",".join(name + self._space() + b":" + value for name, value in members) + b"}" + self._space()

    def _array(self, values: list[bytes]) -> bytes:
        return b"[" + self._space() + b",".join(values) + b"]"

    def _space(self) -> bytes:
        return self.random.choice([b"", b"", b" ", b"\n\t", b"\r"])

    def _rarely(self, one_in: int) -> bool:
        return self.random.randrange(one_in) == 0
