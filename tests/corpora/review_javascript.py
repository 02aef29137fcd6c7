"""Planted JavaScript and TypeScript for the code-reviewer; see `marks`."""

_NOTE = "TO" + "DO"  # put together: nothing is left open here


def _function(name: str, lines: int) -> str:
    """A function of so many lines."""
    return f"function {name}(a) {{\n" + "  a.push(1);\n" * (lines - 2) + "}\n"


def _branches(count: int) -> str:
    return "".join(f"  if (a === {n}) b({n});\n" for n in range(count))


def _cases(count: int) -> str:
    cases = "".join(f"    case {n}: return {n};\n" for n in range(count))
    return f"  switch (a) {{\n{cases}  }}\n"


FILES = {
    "complex.js": "«complex-function:function sorted(a, b) {\n" + _branches(15) + "}»\n"
    # Fifteen is right, and what stands in an inner function counts for itself.
    "function right(a, b) {\n"
    + _branches(14)
    + "}\n"
    + "function outer(a, b) {\n"
    + _branches(8)
    + "  return function inner() {\n"
    + _branches(8)
    + "  };\n}\n"
    + "const table = «complex-function=info:(a) => {\n"
    + _cases(20)
    + "}»;\n"
    + "class Price {\n  «complex-function:of(a) {\n"
    + "    return "
    + " && ".join(f"a.b{n}" for n in range(17))
    + ";\n  }»\n}\n",
    "long.ts": "«long-function:"
    + _function("long", 51)
    + "»"
    + _function("right", 50)
    # A wrapper is as long as what it holds, which counts for itself.
    + "(function () {\n"
    + "".join(_function(f"inner{n}", 25) for n in range(3))
    + "})();\n",
    "loops.js": """\
function cube(rows) {
  for (const a of rows) {
    for (let i = 0; i < rows.length; i++) {
      «deep-loops:while (more(a, i)) {
        match(a, i);
      }»
      do { other(); } while (more());
    }
  }
}
function walk(tables) {
  for (const table of tables)
    for (const row of table.rows)
      «deep-loops=info:for (const cell of row.cells) show(cell);»
}
function right(rows) {
  for (const a of rows) {
    for (const b of rows) {
      for (let i = 0; i < 3; i++) sum[i] += a[i] * b[i];
      rows.forEach((c) => { for (const d of c) match(d); });
    }
  }
}
""",
    "swallowed.ts": """\
async function bad(order: Order) {
  try {
    charge(order);
    mark(order);
  } «js-swallowed-exception:catch (error) {
  }»
  try { text = JSON.parse(order.text); } «js-swallowed-exception:catch {}»
  order.save().catch(«js-swallowed-exception:() => {}»);
  await send(order).then(done).catch(«js-swallowed-exception:function () {}»);
}
async function right(order: Order) {
  try { charge(order); } catch (error) { report(error); }
  try { charge(order); } catch (error) { throw new Failed(error); }
  try { charge(order); } catch {
    // the bank tells us again tomorrow
  }
  try { module = require("fsevents"); } catch (error) {}
  try { fs.unlinkSync(path); } catch (error) {}
  try { store = window.localStorage.getItem("a"); } catch (error) {}
  try {
    await work(order);
  } catch (error) {
    try { await order.undo(); } catch (second) {}
    throw error;
  }
  order.save().catch(report);
  order.save().catch((error) => { report(error); });
  order.save().catch(() => undefined);
  // nobody waits for the last mail
  mail(order).catch(() => {});
  connection.close().catch(() => {});
  let data = null;
  try { data = JSON.parse(order.text); } catch {}
  if (!data) report(order);
  text.catch("() => {}");
}
function answers(text: string) {
  try {
    const found = JSON.parse(text);
    if (found) return found;
  } catch {}
  return {};
}
""",
    "unreachable.js": """\
function bad(items) {
  if (items.length === 0) {
    throw new Error("empty");
    «js-unreachable-code:log(items);»
    log(items);
  }
  for (const item of items) {
    continue;
    «js-unreachable-code:take(item);»
  }
  return sum(items);
  «js-unreachable-code:const late = 1;»
}
function right(items) {
  if (items.length === 0) return 0;
  switch (items.kind) {
    case 1:
      return 1;
      break;
    case 2: {
      return 2;
    }
    default:
      log();
  }
  if (broken) {
    throw new Error("broken");
    return;
  }
  return later();
  // a comment is no code
  function later() { return 1; }
  var known;
}
""",
    "twice.tsx": """\
const sizes = { small: 1, large: 2, «js-duplicate-key:small»: 3 };
const quoted = { "a": 1, «js-duplicate-key:a»: 2 };
const right = { small: 1, ...others, small: 2, get b() { return 1; }, set b(c) {}, [d]: 1, [d]: 2, __proto__: e };
const escapes = { "'": "&#39;", '"': "&quot;" };
function bad(kind: number) {
  if (kind === 1) a();
  else if (kind === 2) b();
  else if («js-duplicate-condition:kind === 1») c();
  switch (kind) {
    case 1: a(); break;
    case «js-duplicate-condition:1»: b(); break;
  }
}
function good(kind: number) {
  if (next() === 1) a();
  else if (next() === 1) b();
  if (kind === 1) a();
  if (kind === 1) b();
  if (kind === 1) { a(); } else { if (kind === 2) b(); }
  switch (kind) {
    case next(): a(); break;
    case next(): b(); break;
  }
}
export const Two = () => <Box a={1} b={sizes} />;
""",
    "take.js": """\
function take(order) {
  «js-debugger:debugger;»
  «js-debug-output:console.log("here", order)»;
  «js-debug-output:window.console.table(order)»;
  console.error("order", order);
  console.warn(order);
  if (options.verbose) console.log(order);
  if (process.env.NODE_ENV !== "production") { console.log(order); }
  DEBUG && console.log(order);
  // console.log(order)
  const text = "console.log(order)";
  console.log(order); // eslint-disable-line no-console
  // eslint-disable-next-line no-console
  console.debug(order);
  my.console.log(order);
}
function logOrder(order) { console.log(order); }
app.listen(80, () => console.log("listening"));
""",
    "bin/orders.js": "console.log('a command line program speaks');\n",
    "tool.mjs": "#!/usr/bin/env node\nconsole.log('so does a script');\n",
    "many.js": "«js-debug-output=info:console.log(0)»;\n" + "".join(f"console.log({n});\n" for n in range(1, 12)),
    "missing.ts": """\
export function refund(order: Order) {
  «js-not-implemented:throw new Error("not implemented");»
}
export async function pay(order: Order) {
  log(order);
  «js-not-implemented:throw new Error(`pay is not yet implemented for ${order}`);»
}
export const later = () => «js-not-implemented:Promise.reject(new Error("Not implemented"))»;
export function partly(order: Order) {
  if (order.kind === 1) throw new Error("kind 1 is not implemented");
  return order;
}
abstract class Store {
  save(order: Order) { throw new Error("not implemented"); }
}
class Shape {
  area() { throw new Error("not implemented"); }
}
class Circle extends Shape {}
class Driver {
  /** @abstract */
  open() { throw new Error("not implemented"); }
  close() { throw new Error("unimplemented by this driver"); }
}
""",
    "hollow.ts": """\
export «js-empty-function:function saveOrder(order: Order) {}»
export const sendMail = «js-empty-function:async (to: string) => {}»;
class Orders {
  «js-empty-function:deleteOrder(id: number) {
  }»
  constructor(private store: Store) {}
  onClose(event: Event) {}
  notifyAll(event: Event) {
    // nobody listens yet
  }
}
class Special extends Other {
  deleteOrder(id: number) {}
}
«js-constant-answer:function verifySignature(body: string, signature: string) {
  return true;
}»
const computeTax = «js-constant-answer:(sum: number) => { return 0; }»;
function noop(a: number) {}
function getAnswer() { return 42; }
function validateNothing() { return true; }
function isReady(a: number) { return true; }
const adapter = { saveOrder(order: Order) {}, verify(a: number) { return true; } };
listen(function saveEvent(event) {});
""",
    "texts.jsx": f"""\
export const Orders = () => <p>«unfinished-text:Coming soon»</p>;
export function Help() {{
  return "«unfinished-text:Lorem ipsum dolor sit amet»";
}}
export const Field = () => <input placeholder="Coming soon" />;
const labels = {{ soon: "Coming soon" }};
export function refuse() {{
  throw new Error("coming soon");
}}
const rows = «placeholder-name:mock_orders»;
rows.push(mock_orders);
fetch("«example-address:https://api.example.com/orders»");
const text = "see https://example.com/help";
fetch("https://orders.internal/list");
// «todo-marker:{_NOTE}»: refuse a second refund
/*
 * «todo-marker:{_NOTE}» read it from the settings
 */
const note = "{_NOTE} is no note in a text";
const {_NOTE}_LIST = 1;
""",
    "broken.js": "function a(items) {\n  return items.map((\n",
    "lib.min.js": "debugger;\n",
    "vendor/lib.js": "debugger;\n",
    "made.js": "// Code generated by protoc. DO NOT EDIT.\ndebugger;\n",
    "types.d.ts": "declare function saveOrder(order: Order): void;\n",
    "a.test.js": "function a() {\n  «js-debugger:debugger;»\n  console.log(1);\n  try { b(); c(); } catch {}\n}\n",
    "right.js": """\
/** Adds up what the rows cost. */
export function total(rows) {
  return rows.filter((row) => row.price).reduce((sum, row) => sum + row.price, 0);
}
""",
}
