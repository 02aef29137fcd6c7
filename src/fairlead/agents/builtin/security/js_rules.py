"""The rules for JavaScript and TypeScript that look at calls, and at what is handed to them."""

import re
from collections.abc import Callable, Iterator

from fairlead.agents.builtin.security.js_names import Names
from fairlead.agents.builtin.security.js_tree import Node, Source, arguments, bare, field
from fairlead.agents.builtin.security.js_values import GAP, KNOWN, OUTSIDE, Value, Values
from fairlead.agents.builtin.security.matches import Match
from fairlead.core.findings import Severity

_SQL = re.compile(
    r"^\s*(?:--[^\n]*\n\s*)*(?:select\b.+?\bfrom\b|insert\s+into\b|replace\s+into\b"
    r"|update\b.+?\bset\b|delete\s+from\b|drop\s+(?:table|database)\b"
    r"|alter\s+table\b|create\s+(?:table|user|database)\b|with\b.+?\bselect\b|call\s|exec(?:ute)?\s|where\s|union\s+select)",
    re.IGNORECASE | re.DOTALL,
)
_PLACEHOLDER = re.compile(r"\$\d|\?|[\s(=]:\w+")
_SQL_METHODS = frozenset(
    "query execute raw rawQuery whereRaw havingRaw orderByRaw selectRaw joinRaw $queryRawUnsafe $executeRawUnsafe "
    "prepare exec each all get run any one oneOrNone many manyOrNone none unsafe".split()
)
_WHOLE_COMMANDS = frozenset(
    "child_process.exec child_process.execSync shelljs.exec execa.command execa.commandSync execa.execaCommand "
    "execa.execaCommandSync".split()
)
_PROGRAMS = frozenset(f"child_process.{name}" for name in ("spawn", "spawnSync", "execFile", "execFileSync"))
_FILES = frozenset(
    f"{name}{suffix}"
    for name in "readFile writeFile appendFile unlink rm rmdir readdir stat lstat open access copyFile rename mkdir "
    "createReadStream createWriteStream truncate chmod chown symlink exists".split()
    for suffix in ("", "Sync")
)
_REQUESTS = re.compile(
    r"^(?:fetch|node-fetch|undici\.(?:fetch|request)|axios|axios\.(?:get|post|put|patch|delete|head|request)|got|got\.\w+|request|request\.(?:get|post|put)"
    r"|needle|needle\.\w+|superagent\.\w+|https?\.(?:get|request)|\$http\.\w+|phin|bent)$"
)
_SHELLS = frozenset({"sh", "bash", "zsh", "dash", "cmd", "cmd.exe", "powershell", "/bin/sh", "/bin/bash"})
_ENGINES = re.compile(
    r"^(?:pug|jade|ejs|handlebars|hbs|Handlebars|nunjucks|mustache|Mustache|dot|doT|swig|_|lodash|underscore|eta|Eta)"
    r"\.(?:compile|render|renderString|template)$"
)
_MERGES = re.compile(
    r"^(?:_|lodash|\$|jQuery|deepmerge|merge-deep|merge|deep-extend|lodash\.merge|lodash\.defaultsdeep|lodash\.mergewith)"
    r"(?:\.(?:merge|mergeWith|defaultsDeep|extend|set|setWith|all))?$"
)
# A condition that keeps bad values out: a look at the beginning of a path, at a list, at a host.
_CHECK = re.compile(
    rb"path\.relative\(|isAbsolute\(|isPathInside|isSubdir"
    rb"|if\s*\([^{};]{0,200}(?:startsWith\(|indexOf\(|includes\(|\.has\(|\.test\(|match\(|allow|valid|safe|trusted|permitted)",
    re.IGNORECASE,
)
_CHECK_BYTES = 8_000  # how far before a place a check is looked for
_OLD_CIPHER = re.compile(r"(des|rc2|rc4|bf|blowfish|cast|seed|idea)\b|(des|bf|rc\d)-|.*-ecb$", re.IGNORECASE)
_OLD_HASH = re.compile(r"(?:rsa-)?(?:md4|md5|sha-?1|ripemd(?:160)?)", re.IGNORECASE)
_SECRET_WORDS = re.compile(r"passw|passphrase|secret|token|credential|signature|hmac|sign\b", re.IGNORECASE)


class Calls:
    """Judges the calls of one file."""

    def __init__(self, source: Source, names: Names, values: Values) -> None:
        self.source = source
        self.names = names
        self.values = values

    def judge(self, call: Node) -> Iterator[Match]:
        """Every match at one call."""
        function = field(call, "function")
        if function is None:
            return
        if function.type == "member_expression":
            last = self.source.text(function.child_by_field_name("property"))
        else:
            last = self.names.qualified(function).rpartition(".")[2]
        rules = _BY_LAST.get(last)
        if rules is None:
            return  # most calls: they are left before their names and arguments are looked at
        name, given = self.names.qualified(function), arguments(call)
        for rule in rules:
            yield from rule(self, call, name, last, given)

    # ---------------------------------------------------------------------------------------------------- running code

    def code(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        if name in ("setTimeout", "setInterval", "setImmediate"):
            if given and given[0].type in ("binary_expression", "template_string", "string"):
                yield from self.code_from(call, given[0], f"`{name}` runs text as a program.")
        elif name in ("eval", "execScript"):
            yield from self.code_from(
                call, given[0] if given else None, "Text that is not constant is run as a program."
            )
        elif name in ("Function",):
            yield from self.code_from(
                call, given[-1] if given else None, "A function is made from text that is not constant."
            )
        elif name in ("vm.runInNewContext", "vm.runInThisContext", "vm.runInContext", "vm.compileFunction"):
            yield from self.code_from(
                call, given[0] if given else None, "`vm` runs text; it is no wall against bad programs."
            )
        elif name == "require" and given and (value := self.values.of(given[0])).level == OUTSIDE:
            yield self._from_outside(
                "js-code-injection", call, value, "A module is loaded whose name comes from outside.", "critical"
            )

    def code_from(self, call: Node, argument: Node | None, message: str) -> Iterator[Match]:
        value = self.values.of(argument) if argument is not None else Value(KNOWN)
        if value.level == OUTSIDE:
            yield self._from_outside("js-code-injection", call, value, message, "critical")
        elif value.level > KNOWN:
            yield self.source.match("js-code-injection", call, message)

    # ------------------------------------------------------------------------------------------------------- commands

    def command(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        module = name.rpartition(".")[0]
        if not given:
            return
        if name in _WHOLE_COMMANDS:
            yield from self._command(call, self.values.of(given[0]))
        elif name in _PROGRAMS or module == "execa":
            options = next((node for node in given[1:] if node.type == "object"), None)
            parts = [self.values.of(node) for node in given if node.type != "object"]
            worst = max(parts, key=lambda value: value.level)
            shell = self.option(options, "shell")
            if shell is not None and self.source.text(shell) not in ("false", "undefined", "null"):
                if self.source.text(shell) == "true" or shell.type == "string":
                    # The arguments are put behind the command as they are.
                    yield from self._command(call, worst._replace(is_built=parts[0].level == KNOWN or worst.is_built))
            elif parts[0].level == KNOWN and parts[0].text in _SHELLS and len(parts) > 1:
                yield from self._command(call, worst)
            elif parts[0].level == OUTSIDE:
                message = "The program that is started comes from outside."
                yield self._from_outside("js-command-injection", call, parts[0], message, "critical")

    def _command(self, call: Node, value: Value) -> Iterator[Match]:
        message = "A shell runs text that is not constant."
        if value.level == OUTSIDE:
            yield self._from_outside("js-command-injection", call, value, message, "critical")
        elif value.level > KNOWN:
            yield self.source.match(
                "js-command-injection",
                call,
                message,
                severity=None if value.is_built else "low",
                reason=""
                if value.is_built
                else "The command comes as a whole from somewhere that is not visible here.",
            )

    # ------------------------------------------------------------------------------------------------------ databases

    def sql(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        if not given:
            return
        argument: Node | None = given[0]
        if given[0].type == "object":
            argument = self.option(given[0], "sql") or self.option(given[0], "text")
        if argument is None or argument.type in ("arrow_function", "function_expression"):
            return
        value = self.values.of(argument)
        if value.level == KNOWN or not value.is_built or GAP not in value.text:
            return
        text = value.text.lstrip(GAP + " ")
        if not _SQL.match(text) or re.fullmatch(rf"[^{GAP}]*", text):
            return
        message = "Text that is not constant is put into an SQL statement."
        if value.level == OUTSIDE:
            yield self._from_outside("js-sql-injection", argument, value, message, "critical")
        else:
            has_values = len(given) > 1 and _PLACEHOLDER.search(value.text) is not None
            yield self.source.match(
                "js-sql-injection",
                argument,
                message,
                severity="low" if has_values else None,
                reason="Values are handed over beside it; what is put in may be names alone." if has_values else "",
            )

    def mongo(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        receiver = field(field(call, "function"), "object")
        if not given or receiver is None:
            return
        value = self.values.of(given[0])
        where = self.option(given[0], "$where")
        if where is not None and (of_where := self.values.of(where)).level > KNOWN:
            message = "`$where` runs text that is not constant as a program in the database."
            if of_where.level == OUTSIDE:
                yield self._from_outside("js-nosql-injection", where, of_where, message, "high")
            else:
                yield self.source.match("js-nosql-injection", where, message)
        elif (
            given[0].type in ("identifier", "member_expression")
            and value.level == OUTSIDE
            and re.search(r"(body|query)$", value.source)
        ):
            message = "The request itself is the query: it may bring operators such as `$ne`."
            yield self.source.match("js-nosql-injection", given[0], message)

    # --------------------------------------------------------------------------------------------- files and addresses

    def file(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        module = name.rpartition(".")[0]
        if given and module in ("fs", "fs.promises", "fs-extra", "graceful-fs", "fsp"):
            value = self.values.of(given[0])
            if value.level == OUTSIDE:
                message = "A file is opened whose path comes from outside."
                yield self._unless_checked("js-path-traversal", given[0], value, message)

    def sent_file(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        if not given or any(self.option(node, "root") is not None for node in given[1:]):
            return  # Express keeps the path below `root`
        value = self.values.of(given[0])
        if value.level == OUTSIDE:
            message = "A file is sent whose path comes from outside."
            yield self._unless_checked("js-path-traversal", given[0], value, message)

    def redirect(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        if not re.match(
            r"(?:\w+\.)?(res|response|ctx|reply|context)\.(?:\w+\.)?redirect$|(?:document\.)?location\.(?:assign|replace)$",
            name,
        ):
            return
        for node in given[:2]:
            value = self.values.of(node)
            if value.level == OUTSIDE and self.decides_host(
                value, r"query|body|params|location|cookie|referrer|header"
            ):
                message = "The visitor is sent to an address from outside."
                yield self._unless_checked("js-open-redirect", node, value, message)

    def request(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        if not given or not _REQUESTS.match(name):
            return
        options = [self.option(given[0], key) for key in ("url", "uri", "host", "hostname", "baseURL")]
        for node in [given[0], *options] if given[0].type != "object" else options:
            value = self.values.of(node) if node is not None else Value(KNOWN)
            if value.level == OUTSIDE and "location" not in value.source and self.decides_host(value, r"."):
                message = "The server asks an address that comes from outside."
                yield self._unless_checked("js-ssrf", node, value, message)

    @staticmethod
    def decides_host(value: Value, sources: str) -> bool:
        """Whether what comes from outside stands where the host of an address is."""
        if not re.search(sources, value.source):
            return False
        before = value.text.partition(GAP)[0]
        # After `https://host/` or a path such as `/login?` the host is settled. A lone `/` settles nothing.
        return not re.match(r"\w+://[^/]+[/?#]|/[^/]|\?|#|\.", before)

    # ---------------------------------------------------------------------------------------------------------- pages

    def html(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        receiver = name.rpartition(".")[0]
        if last in ("write", "writeln"):
            if not re.search(r"(^|\.)document$", receiver):
                return
            node = given[0] if given else None
        elif last == "insertAdjacentHTML":
            node = given[1] if len(given) > 1 else None
        else:
            node = given[0] if given else None
        if node is not None:
            yield from self.page(node, f"`{last}` puts text that is not constant into the page as HTML.")

    def page(self, node: Node, message: str) -> Iterator[Match]:
        """A value that becomes HTML."""
        value = self.values.of(node)
        if value.level == OUTSIDE:
            yield self._from_outside("js-xss", node, value, message)
        elif value.level > KNOWN:
            yield self.source.match("js-xss", node, message)

    def answer(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        if not given or not re.match(r"(?:\w+\.)?(?:res|response|reply)\b", name or self.source.text(call)[:40]):
            return
        value = self.values.of(given[0])
        if last in ("send", "end", "write") and value.level == OUTSIDE and value.is_built and "<" in value.text:
            yield self._from_outside("js-xss", given[0], value, "HTML is sent with a part that comes from outside.")
        if re.search(r"\b(?:err|error|e|ex|exception)\.stack\b", self.source.text(given[0])[:300]):
            yield self.source.match("js-stack-shown", given[0], "The visitor is shown where the program failed.")

    def template(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        if given and _ENGINES.match(name):
            value = self.values.of(given[0])
            if value.level == OUTSIDE:
                yield self._from_outside("js-template-injection", given[0], value, "A template comes from outside.")

    # --------------------------------------------------------------------------------------------------------- crypto

    def hash(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        if not given:
            return
        value = self.values.of(given[0])
        if last == "createHash":
            if value.level == KNOWN and _OLD_HASH.fullmatch(value.text):
                around = self._chain(call)
                is_for_secret = _SECRET_WORDS.search(around) is not None
                yield self.source.match(
                    "js-weak-hash",
                    call,
                    f"`{value.text[:20]}` is broken: two texts with the same sum can be made.",
                    severity="high" if is_for_secret else None,
                    reason="What is hashed looks like a password or a signature." if is_for_secret else "",
                )
        elif last in ("createCipher", "createDecipher"):
            yield self.source.match("js-weak-cipher", call, f"`{last}` makes its key with MD5 and no salt.")
        elif value.level == KNOWN and _OLD_CIPHER.match(value.text):
            yield self.source.match("js-weak-cipher", call, f"`{value.text[:20]}` no longer keeps a secret.")

    def _chain(self, call: Node) -> str:
        """The text of the call with what is called on its result: `createHash("md5").update(password)`."""
        end = call
        for _ in range(6):
            parent = end.parent
            if parent is None or parent.type not in ("member_expression", "call_expression"):
                break
            if parent.type == "call_expression" and field(parent, "function") != end:
                break
            end = parent
        return self.source.text(end)[:500]

    def old_cipher(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        if re.search(r"(?:^|\.)(?:CryptoJS|crypto-js)\.(?:DES|TripleDES|RC4|RC4Drop|Rabbit)\.(?:en|de)crypt$", name):
            yield self.source.match("js-weak-cipher", call, f"`{name.split('.')[-2]}` no longer keeps a secret.")

    # ------------------------------------------------------------------------------------------------------- settings

    def token(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        if not re.match(r"(?:jwt|jsonwebtoken|jws|JWT|jose)\.(?:\w+\.)?(?:verify|sign)$", name):
            return
        options = given[2] if len(given) > 2 else None
        for key in ("algorithms", "algorithm"):
            node = self.option(options, key)
            if node is not None and re.search(r"[\"'`]none[\"'`]", self.source.text(node), re.IGNORECASE):
                yield self.source.match("js-jwt-unverified", node, "A token without a signature is accepted or made.")
        expiry = self.option(options, "ignoreExpiration")
        if expiry is not None and self.source.text(expiry) == "true":
            message = "A token is accepted after its time."
            yield self.source.match(
                "js-jwt-unverified", expiry, message, severity="medium", reason="The signature is checked all the same."
            )
        if (
            last == "verify"
            and len(given) > 1
            and self.source.text(given[1]) in ("null", "undefined", "false", "''", '""')
        ):
            yield self.source.match(
                "js-jwt-unverified", given[1], "Without a key the signature of the token is not checked."
            )

    def post_message(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        if len(given) > 1:
            target = self.values.of(given[1])
            if target.level == KNOWN and target.text == "*" and self.values.of(given[0]).level > KNOWN:
                yield self.source.match(
                    "js-post-message", given[1], "Any site that holds the window reads the message."
                )

    def origin_header(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        if len(given) < 2:
            return
        header = self.values.of(given[0])
        if header.level == KNOWN and header.text.lower() == "access-control-allow-origin":
            value = self.values.of(given[1])
            if value.level == OUTSIDE:
                message = "Whatever site asks is allowed to read the answers."
                yield self.source.match(
                    "js-cors", call, message, reason=f"`{value.source}` is what the site itself says."
                )

    def cors(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        if name not in ("cors", "@koa/cors", "@fastify/cors") or not given:
            return
        origin, credentials = self.option(given[0], "origin"), self.option(given[0], "credentials")
        if origin is None or credentials is None or self.source.text(credentials) != "true":
            return
        if self.source.text(origin) in ("true", '"*"', "'*'", "/.*/"):
            yield self.source.match("js-cors", call, "Every site may read answers with the visitor's cookies.")

    def unserialise(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        if re.match(
            r"(?:node-serialize|serialize-to-js|funcster|cryo|node-serialize\.default)\.(?:unserialize|deserialize|deepDeserialize|parse)$",
            name,
        ):
            value = self.values.of(given[0]) if given else Value(KNOWN)
            message = "Reading this format can run functions that stand in it."
            if value.level == OUTSIDE:
                yield self._from_outside("js-deserialisation", call, value, message, "critical")
            elif value.level > KNOWN:
                yield self.source.match("js-deserialisation", call, message)
        elif name == "v8.deserialize" and given and (value := self.values.of(given[0])).level == OUTSIDE:
            yield self._from_outside(
                "js-deserialisation", call, value, "`v8.deserialize` is not made for foreign data."
            )

    def merge(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        if not _MERGES.match(name) or (last == "extend" and not (given and self.source.text(given[0]) == "true")):
            return
        for node in given[:6]:
            value = self.values.of(node)
            if value.level == OUTSIDE and node.type in ("identifier", "member_expression", "call_expression"):
                message = "What comes from outside is merged in depth and may change every object."
                yield self._from_outside("js-prototype-pollution", node, value, message, None)

    def debug(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        if name in ("errorhandler", "express-error-handler"):
            node = call
            for _ in range(12):
                if node.parent is None:
                    break
                node = node.parent
                if node.type == "if_statement" and re.search(
                    r"NODE_ENV|\benv\b|development", self.source.text(node)[:200]
                ):
                    return
            yield self.source.match(
                "js-stack-shown", call, "`errorhandler` shows every visitor where the program failed."
            )

    def escape_off(self, call: Node, name: str, last: str, given: list[Node]) -> Iterator[Match]:
        for node in given[:4]:
            yield from self.escape_option(node, name)

    def escape_option(self, options: Node, name: str) -> Iterator[Match]:
        """Options of a template engine or a Markdown reader that let HTML through."""
        for key, wanted, makers in (
            ("noEscape", "true", r"compile|precompile"),
            ("sanitize", "false", r"marked|showdown|remark|markdown"),
            ("html", "true", r"markdown-it|MarkdownIt|Remarkable|remarkable"),
            ("autoescape", "false", r"nunjucks|configure|swig|Environment"),
        ):
            node = self.option(options, key)
            if node is not None and self.source.text(node) == wanted and re.search(makers, name, re.IGNORECASE):
                yield self.source.match(
                    "js-escape-off", node, f"With `{key}: {wanted}` HTML in the text reaches the page."
                )

    def pattern(self, call: Node, given: list[Node]) -> Iterator[Match]:
        """`new RegExp(text)`."""
        value = self.values.of(given[0]) if given else Value(KNOWN)
        if value.level == OUTSIDE:
            message = "A pattern comes from outside; a bad one keeps the program busy for ever."
            yield self.source.match(
                "js-pattern-from-outside", call, message, reason=f"`{value.source}` comes from outside."
            )

    # -------------------------------------------------------------------------------------------------------- helpers

    def option(self, node: Node | None, name: str) -> Node | None:
        """The value of the key *name* of an object that is written out."""
        if node is None or node.type != "object":
            return None
        for child in node.named_children:
            if child.type == "pair":
                key = child.child_by_field_name("key")
                if key is not None and self.source.text(key).strip("\"'") == name:
                    return bare(child.child_by_field_name("value"))
        return None

    def _unless_checked(self, rule: str, node: Node, value: Value, message: str) -> Match:
        """What comes from outside, milder where the function has looked at a value before."""
        start = max(self.source.outermost(node.start_byte), node.start_byte - _CHECK_BYTES)
        if _CHECK.search(self.source.data, start, node.start_byte):
            reason = f"`{value.source}` comes from outside, but some value is looked at before."
            return self.source.match(rule, node, message, severity="low", reason=reason)
        return self._from_outside(rule, node, value, message)

    def _from_outside(
        self, rule: str, node: Node | None, value: Value, message: str, severity: Severity | None = "high"
    ) -> Match:
        return self.source.match(rule, node, message, severity=severity, reason=f"`{value.source}` comes from outside.")


_Rule = Callable[[Calls, Node, str, str, list[Node]], Iterator[Match]]


def _table(*rows: tuple[_Rule, str]) -> dict[str, tuple[_Rule, ...]]:
    table: dict[str, tuple[_Rule, ...]] = {}
    for rule, names in rows:
        for name in names.split():
            table[name] = (*table.get(name, ()), rule)
    return table


# By the last name of the function that is called.
_BY_LAST = _table(
    (
        Calls.code,
        "eval execScript setTimeout setInterval setImmediate Function runInNewContext runInThisContext runInContext",
    ),
    (Calls.code, "compileFunction require"),
    (
        Calls.command,
        "exec execSync spawn spawnSync execFile execFileSync command commandSync execaCommand execaCommandSync execa",
    ),
    (Calls.sql, " ".join(sorted(_SQL_METHODS))),
    (
        Calls.mongo,
        "find findOne findOneAndUpdate findOneAndDelete updateOne updateMany deleteOne deleteMany count countDocuments",
    ),
    (Calls.file, " ".join(sorted(_FILES))),
    (Calls.sent_file, "sendFile sendfile download"),
    (Calls.redirect, "redirect assign replace"),
    (
        Calls.request,
        "fetch node-fetch axios get post put patch delete head request got stream needle superagent phin bent",
    ),
    (Calls.html, "write writeln insertAdjacentHTML createContextualFragment"),
    (Calls.answer, "send end write json render"),
    (Calls.template, "compile render renderString template"),
    (Calls.hash, "createHash createCipher createDecipher createCipheriv createDecipheriv"),
    (Calls.old_cipher, "encrypt decrypt"),
    (Calls.token, "verify sign"),
    (Calls.post_message, "postMessage"),
    (Calls.origin_header, "setHeader header set append writeHead"),
    (Calls.cors, "cors"),
    (Calls.unserialise, "unserialize deserialize deepDeserialize parse"),
    (Calls.merge, "merge mergeWith defaultsDeep extend set setWith defaultsdeep deepmerge all"),
    (Calls.debug, "errorhandler express-error-handler"),
    (Calls.escape_off, "compile precompile setOptions configure marked parse use markdown-it MarkdownIt"),
)
