"""Planted copies, long files and notes in languages that the code-reviewer does not parse; see `marks`.

A copy is marked where its first line begins.
"""

_NOTE = "FIX" + "ME"  # put together: nothing is left open here
_PYTHON = """\
total = 0
for row in rows:
    price = row.price * row.count
    if row.kind == "gift" and row.count > 3:
        price = price * 0.9 - row.rebate
    elif row.kind == "return":
        price = -price + fees[row.country]
    total += round(price, 2)
    if total > limit and not row.is_checked:
        raise TooMuch(row.number, total, limit)
    log.debug("row %s costs %s", row.number, price)
    report.append((row.number, price, total))
"""
_GO = """\
	total := 0.0
	for _, row := range rows {
		price := row.Price * float64(row.Count)
		if row.Kind == "gift" && row.Count > 3 {
			price = price*0.9 - row.Rebate
		} else if row.Kind == "return" {
			price = -price + fees[row.Country]
		}
		total += math.Round(price*100) / 100
		if total > limit && !row.Checked {
			return 0, fmt.Errorf("row %d: %f is over %f", row.Number, total, limit)
		}
		log.Printf("row %d costs %f", row.Number, price)
	}
"""
_SCRIPT = """\
  let total = 0;
  for (const row of rows) {
    let price = row.price * row.count;
    if (row.kind === "gift" && row.count > 3) {
      price = price * 0.9 - row.rebate;
    } else if (row.kind === "return") {
      price = -price + fees[row.country];
    }
    total += Math.round(price * 100) / 100;
    if (total > limit && !row.isChecked) {
      throw new TooMuch(row.number, total, limit);
    }
    report.push([row.number, price, total]);
    log.debug(row.number, price);
  }
"""
# The same, formatted by somebody else and with a remark.
_SCRIPT_AGAIN = (
    "  «duplicate-code:l»et total = 0; for (const row of rows) { let price = row.price * row.count;\n"
    "    // gifts are cheaper\n"
    + _SCRIPT.partition("row.count;\n")[2].replace("      ", "        ").replace("const row", "const row")
)


def _python(name: str) -> str:
    body = "".join(f"    {line}\n" for line in _PYTHON.splitlines())
    return f"def {name}(rows, fees, limit, log, report, TooMuch):\n{body}"


def _renamed(code: str) -> str:
    return code.replace("row", "line").replace("price", "cost").replace("total", "sum_of_all")


_TABLE = "".join(f'    ("{n}", {n}, {n * 2}, "{n}", {n * 3}, "{n}"),\n' for n in range(30))

FILES = {
    # Python: a copy in another file, deeper and with a comment; renamed code is no copy.
    "orders/first.py": _python("add_up"),
    "orders/second.py": _python("total").replace("    total = 0\n", "    «duplicate-code:total» = 0  # begin\n", 1),
    "orders/renamed.py": _renamed(_python("add_up")),
    "orders/short.py": "".join(_python("add").splitlines(keepends=True)[:9]),
    "orders/tests/test_first.py": _python("add_up"),
    "orders/migrations/0001.py": _python("add_up"),
    "orders/table.py": f"ROWS = [\n{_TABLE}]\n",
    "orders/table_again.py": f"ROWS = [\n{_TABLE}]\n",
    # Twice in one file.
    "go/orders.go": f"package orders\n\nfunc A() {{\n{_GO}}}\n\nfunc B() {{\n"
    + _GO.replace("\ttotal :=", "\t«duplicate-code:total» :=")
    + "}\n",
    "go/orders_pb.pb.go": f"package orders\n\nfunc A() {{\n{_GO}}}\n",
    "js/first.ts": f"export function first(rows) {{\n{_SCRIPT}  return total;\n}}\n",
    "js/second.ts": f"function second(rows) {{\n{_SCRIPT_AGAIN}  return report;\n}}\n",
    "js/vendor/first.js": f"export function first(rows) {{\n{_SCRIPT}  return total;\n}}\n",
    # Size and notes.
    "long/Long.java": "class Long {\n" + "".join(f"  int a{n} = {n};\n" for n in range(1_000)) + "}\n",
    "long/Right.java": "class Right {\n" + "".join(f"  int a{n} = {n};\n" for n in range(998)) + "}\n",
    "notes/a.rb": f"# «todo-marker:{_NOTE}» read it from the settings\nputs '{_NOTE}'\n",
    "notes/b.rs": f'/* «todo-marker:{_NOTE}»: later */\nlet a = "{_NOTE}"; // right\n',
    "notes/c.sql": f"-- «todo-marker:{_NOTE}» index\nselect '{_NOTE}' from a;\n",
}
OF_FILES = {"long/Long.java": "review/long-file"}
