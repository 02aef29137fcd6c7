"""Planted JavaScript and TypeScript; see `marks`."""

FILES = {
    "code.js": """\
const vm = require("vm");
function run(expression, req) {
  «js-code-injection:eval(expression)»;
  «js-code-injection=critical:eval("1 + " + req.query.expression)»;
  «js-code-injection:new Function("a", expression)»;
  «js-code-injection:Function("return " + expression)»();
  «js-code-injection:setTimeout("go(" + expression + ")", 10)»;
  «js-code-injection:setInterval(`go(${expression})`, 10)»;
  «js-code-injection:vm.runInNewContext(expression)»;
  «js-code-injection:new vm.Script(expression)»;
  «js-code-injection=critical:require("./plugins/" + req.params.name)»;
}
function clean(expression, handler) {
  const text = "1 + 1";
  eval("2 + 2");
  eval(text);
  new Function("a", "b", "return a + b");
  setTimeout(() => eval("1"), 10);
  setTimeout(handler, 10);
  setTimeout("go()", 10);
  vm.runInNewContext("1 + 1");
  require("./plugins/" + expression);
  this.runInContext(expression);
}
""",
    "commands.js": """\
const cp = require("child_process");
const { exec, spawn: start } = require("node:child_process");
const run = require("util").promisify(exec);
import { execFile, execSync as sync } from "child_process";

function bad(name, req) {
  «js-command-injection:exec("ls " + name)»;
  «js-command-injection:cp.execSync(`ls ${name}`)»;
  «js-command-injection=critical:sync("ls " + req.body.name)»;
  «js-command-injection=low:cp.exec(name)»;
  «js-command-injection:start("ls", [name], { shell: true })»;
  «js-command-injection=low:start(name, [], { shell: true })»;
  «js-command-injection:cp.spawn("sh", ["-c", "ls " + name])»;
  «js-command-injection=critical:execFile(req.query.program, [])»;
  «js-command-injection:run("ls " + name)»;
  const folder = req.query.folder;
  «js-command-injection=critical:cp.exec("ls " + folder)»;
  «js-command-injection=critical:require("child_process").exec("ls " + req.params.id)»;
}
function good(name, pattern) {
  exec("ls -l");
  cp.execFileSync("ls", ["--", name]);
  start("ls", [name]);
  start("ls", [name], { shell: false });
  pattern.exec(name + "!");
  /a/.exec("x" + name);
  const command = "ls";
  exec(command);
  exec(`${command} -l`);
  exec("head -n " + Number(name));
}
""",
    "sql.ts": """\
import { Pool } from "pg";
const pool = new Pool();
const TABLE = "orders";
export async function bad(name: string, req: Request): Promise<void> {
  await pool.query(«js-sql-injection:"select * from orders where customer = '" + name + "'"»);
  await pool.query(«js-sql-injection=critical:`delete from orders where id = ${req.params.id}`»);
  const statement = `update orders set state = '${name}'`;
  await pool.query(«js-sql-injection:statement»);
  await pool.query({ text: «js-sql-injection:`select * from orders where id = ${name}`», values: [] });
  await prisma.$queryRawUnsafe(«js-sql-injection:"select * from orders where id = " + name»);
  await pool.query(«js-sql-injection=low:`select * from ${name} where id = $1`», [1]);
  let built = "select * from orders";
  built += " where id = " + req.query.id;
  db.all(«js-sql-injection=critical:built», done);
}
export async function good(name: string, ids: number[]): Promise<void> {
  await pool.query("select * from orders where customer = $1", [name]);
  await pool.query(`select * from ${TABLE} where customer = $1`, [name]);
  await prisma.$queryRaw`select * from orders where id = ${name}`;
  await pool.query(name);
  cache.get("select a colour " + name);
  await pool.query("select * from orders limit " + parseInt(name));
  list.all("update " + name);
}
""",
    "nosql.js": """\
function bad(users, req, name) {
  users.findOne(«js-nosql-injection:req.body»);
  users.find({ $where: «js-nosql-injection:"this.name == '" + name + "'"» });
  users.find({ $where: «js-nosql-injection=high:`this.name == '${req.query.name}'`» });
}
function good(users, req, name) {
  users.findOne({ name: String(req.body.name) });
  users.find({ $where: "this.a == this.b" });
  [1, 2].find((one) => one === req.body);
}
""",
    "files.js": """\
const fs = require("fs");
const path = require("path");
import { readFile } from "node:fs/promises";
app.get("/file", async (req, res) => {
  fs.readFileSync(«js-path-traversal:"uploads/" + req.query.name»);
  fs.createReadStream(«js-path-traversal:path.join(__dirname, req.params.name)»).pipe(res);
  await readFile(«js-path-traversal:req.body.file»);
  const { name } = req.query;
  fs.unlink(«js-path-traversal:`uploads/${name}`», done);
  res.sendFile(«js-path-traversal:path.resolve("public", req.params.name)»);
  res.download(«js-path-traversal:req.query.file»);
});
app.get("/checked", (req, res) => {
  const file = path.resolve(ROOT, req.query.name);
  if (!file.startsWith(ROOT)) {
    return res.status(403).end();
  }
  fs.stat(«js-path-traversal=low:file», (error) => {
    fs.readFile(«js-path-traversal=low:file», done);
  });
});
app.get("/safe", (req, res) => {
  fs.readFileSync(path.join("uploads", path.basename(req.query.name)));
  res.sendFile(req.params.name, { root: "public" });
  fs.readFileSync("config.json");
  fs.readFileSync(process.argv[2]);
  storage.readFile(req.query.name);
});
""",
    "redirects.js": """\
app.get("/go", (req, res) => {
  res.redirect(«js-open-redirect:req.query.next»);
  res.redirect(302, «js-open-redirect:req.body.next»);
  const next = req.query.next || "/";
  res.redirect(«js-open-redirect:next»);
  res.redirect(«js-open-redirect:"/" + req.query.next»);
});
function page() {
  window.location = «js-open-redirect:new URLSearchParams(location.search).get("next")»;
  location.href = «js-open-redirect:location.hash.slice(1)»;
  window.location.replace(«js-open-redirect:decodeURIComponent(location.hash)»);
}
app.get("/safe", (req, res) => {
  res.redirect("/login");
  res.redirect("/login?next=" + encodeURIComponent(req.query.next));
  res.redirect("/users/" + req.params.id);
  res.redirect(`https://acme.io/${req.query.page}`);
  res.redirect(PAGES[req.query.next]);
  location.href = "/home";
  window.location = location.href;
  text.replace(req.query.a, "b");
});
""",
    "ssrf.mjs": """\
import axios from "axios";
import nodeFetch from "node-fetch";
import http from "node:http";
export async function bad(req) {
  await fetch(«js-ssrf:req.body.url»);
  await axios.get(«js-ssrf:`http://${req.query.host}/status`»);
  await axios({ method: "get", url: «js-ssrf:req.body.url» });
  await nodeFetch(«js-ssrf:req.query.url»);
  http.get(«js-ssrf:req.query.url», done);
}
export async function good(req, url) {
  await fetch("https://api.acme.io/items/" + encodeURIComponent(req.params.id));
  await fetch(`https://api.acme.io/items/${req.params.id}`);
  await axios.get(url);
  map.get(req.query.url);
  await fetch("/api/items?next=" + location.search);
}
""",
    "pages.jsx": """\
function bad(element, text, req, res) {
  element.innerHTML = «js-xss:text»;
  element.innerHTML += «js-xss:"<b>" + text + "</b>"»;
  element.outerHTML = «js-xss=high:decodeURIComponent(location.hash)»;
  document.write(«js-xss:`<p>${text}</p>`»);
  element.insertAdjacentHTML("beforeend", «js-xss:text»);
  frame.srcdoc = «js-xss:text»;
  res.send(«js-xss=high:"<h1>" + req.query.name + "</h1>"»);
  const a = <div dangerouslySetInnerHTML={{ __html: «js-xss:text» }} />;
  const b = <iframe srcDoc={«js-xss:text»} />;
  return [a, b];
}
function good(element, text, req, res) {
  element.innerHTML = "";
  element.innerHTML = "<b>fixed</b>" + `<i>${1 + 1}</i>`;
  element.textContent = text;
  element.innerHTML = DOMPurify.sanitize(text);
  element.innerHTML = escapeHtml(text);
  element.innerHTML = text ? "<b>yes</b>" : "no";
  const copy = element.innerHTML;
  process.stdout.write(text);
  stream.write("<b>" + text);
  res.send({ name: req.query.name });
  res.json(req.query);
  const fixed = "<b>fixed</b>";
  return <div dangerouslySetInnerHTML={{ __html: fixed }} className={text} />;
}
""",
    "templates.js": """\
const ejs = require("ejs");
function bad(req) {
  ejs.render(«js-template-injection:req.body.template», {});
  _.template(«js-template-injection:req.query.text»);
}
function good(req, template) {
  ejs.render(template, { text: req.body.text });
  ejs.render("<%= text %>", req.body);
}
""",
    "crypto.ts": """\
import crypto, { createHash } from "crypto";
import CryptoJS from "crypto-js";
export function bad(text: string, password: string) {
  «js-weak-hash:crypto.createHash("md5")».update(text).digest("hex");
  «js-weak-hash:createHash("SHA1")»;
  «js-weak-hash=high:crypto.createHash("md5")».update(password).digest("hex");
  «js-weak-cipher:crypto.createCipher("aes192", password)»;
  «js-weak-cipher:crypto.createCipheriv("des-ede3-cbc", key, iv)»;
  «js-weak-cipher:crypto.createDecipheriv("aes-128-ecb", key, null)»;
  «js-weak-cipher:CryptoJS.DES.encrypt(text, password)»;
}
export function good(text: string, algorithm: string) {
  crypto.createHash("sha256").update(text);
  crypto.createHash(algorithm);
  crypto.createHmac("sha1", key);
  crypto.createCipheriv("aes-256-gcm", key, iv);
  CryptoJS.AES.encrypt(text, key);
}
""",
    "random.js": """\
const token = «js-insecure-random:Math.random().toString(36).slice(2)»;
session.csrfToken = «js-insecure-random:"t" + Math.random()»;
const user = { password: «js-insecure-random:String(Math.random())» };
const x = Math.random();
const tokenIndex = Math.floor(Math.random() * 3);
const colour = colours[Math.floor(Math.random() * 3)];
const secret = crypto.randomBytes(16);
const tokenize = () => Math.random();
""",
    "tls.js": """\
const agent = new https.Agent({ «js-tls-verification-off:rejectUnauthorized: false» });
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "1";
«js-tls-verification-off:process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0"»;
«js-tls-verification-off:process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = 0»;
request({ «js-tls-verification-off:"strictSSL": false» });
tls.connect({ «js-tls-verification-off:checkServerIdentity: () => undefined» });
const safe = new https.Agent({ rejectUnauthorized: true, strictSSL: verify, checkServerIdentity: check });
""",
    "credentials.ts": """\
const dbPassword = «js-hard-coded-credential:"<PHRASE>"»;
const config = { password: «js-hard-coded-credential:'<PHRASE>'», apiKey: «js-hard-coded-credential:"<SECRET>"» };
config.passwd = «js-hard-coded-credential=low:"postgres"»;
config.clientSecret = «js-hard-coded-credential:`<SECRET>`»;
class Client {
  private accessToken = «js-hard-coded-credential:"<SECRET>"»;
  passwordField = "password";
}
const labels = { password: "Password", newPassword: "Enter your new password", token: "token", passwd: "" };
const password = process.env.DB_PASSWORD;
const secret = `${prefix}-secret`;
const tokenUrl = "https://acme.io/oauth/token";
const apiKey = "YOUR_API_KEY";
const passwordHash = "<PHRASE>";
const key = "<SECRET>";
const jwtSecret = "changeme";
const TOKEN = "TOKEN";
""",
    "tokens.js": """\
const jwt = require("jsonwebtoken");
jwt.verify(token, key, { algorithms: «js-jwt-unverified:["HS256", "none"]» });
jwt.sign(data, "", { algorithm: «js-jwt-unverified:"none"» });
jwt.verify(token, «js-jwt-unverified:null»);
jwt.verify(token, key, { ignoreExpiration: «js-jwt-unverified=medium:true» });
jwt.verify(token, key, { algorithms: ["RS256"], ignoreExpiration: false });
jwt.sign(data, key, { algorithm: "RS256" });
signature.verify(token, null);
""",
    "cors.js": """\
const cors = require("cors");
app.use(«js-cors:cors({ origin: true, credentials: true })»);
app.use(cors({ origin: ["https://acme.io"], credentials: true }));
app.use(cors());
app.use((req, res) => {
  «js-cors:res.setHeader("Access-Control-Allow-Origin", req.headers.origin)»;
  res.setHeader("Access-Control-Allow-Origin", "https://acme.io");
  res.setHeader("X-Request", req.headers.origin);
  res.writeHead(200, { «js-cors:"Access-Control-Allow-Origin": req.headers.origin» });
});
""",
    "messages.js": """\
parent.postMessage(state, «js-post-message:"*"»);
parent.postMessage({ name: state }, «js-post-message:"*"»);
parent.postMessage("ready", "*");
parent.postMessage(state, "https://acme.io");
worker.postMessage(state);
""",
    "deserialise.js": """\
const serialize = require("node-serialize");
const v8 = require("v8");
app.use((req, res, text) => {
  «js-deserialisation:serialize.unserialize(text)»;
  «js-deserialisation=critical:serialize.unserialize(req.cookies.profile)»;
  «js-deserialisation:v8.deserialize(req.body)»;
  JSON.parse(req.cookies.profile);
  v8.deserialize(text);
  serialize.unserialize('{"a": 1}');
  other.unserialize(text);
});
""",
    "pollution.js": """\
function bad(req, value) {
  _.merge(settings, «js-prototype-pollution:req.body»);
  $.extend(true, settings, «js-prototype-pollution:req.query»);
  «js-prototype-pollution:settings[req.body.group][req.body.key]» = value;
}
function good(req, value, a, b) {
  _.merge(settings, defaults);
  $.extend(settings, req.query);
  settings[req.body.key] = value;
  settings[a][b] = value;
  settings[req.body.group].name = value;
}
""",
    "errors.js": """\
const errorhandler = require("errorhandler");
app.use(«js-stack-shown:errorhandler()»);
if (process.env.NODE_ENV === "development") {
  app.use(errorhandler());
}
app.use((err, req, res) => {
  res.send(«js-stack-shown:err.stack»);
  res.json(«js-stack-shown:{ error: err.stack }»);
  console.error(err.stack);
  res.send("failed");
});
""",
    "escape.js": """\
const MarkdownIt = require("markdown-it");
const marked = require("marked");
const one = new MarkdownIt({ html: «js-escape-off:true» });
const two = new MarkdownIt({ html: false });
marked.setOptions({ sanitize: «js-escape-off:false» });
Handlebars.compile(text, { noEscape: «js-escape-off:true» });
nunjucks.configure("views", { autoescape: «js-escape-off:false» });
nunjucks.configure("views", { autoescape: true });
«js-escape-off:mustache.escapeMarkup = false»;
render({ html: true });
""",
    "patterns.js": """\
function bad(req) {
  return «js-pattern-from-outside:new RegExp(req.query.search)»;
}
function good(req, text) {
  return [new RegExp(escapeRegExp(req.query.search)), new RegExp("^a"), new RegExp(text)];
}
""",
    "places.js": """\
/* größer 🙂 */ «js-code-injection:eval(größe)»; const text = "🙂"; «js-code-injection:eval(x)»;
const long = a
  + «js-code-injection:eval(
    b
  )»;
""",
    "shadow.js": """\
const value = "1 + 1";
eval(value);
function one(value) {
  «js-code-injection:eval(value)»;
}
function two() {
  let value = "2";
  value = read();
  «js-code-injection:eval(value)»;
}
function three(req) {
  const value = req.query.a;
  const other = value;
  «js-code-injection=critical:eval(other)»;
}
app.get("/five", ({ query, body: { name } }, res) => {
  «js-code-injection=critical:eval(query.a)»;
  «js-code-injection=critical:eval(name)»;
});
const six = ({ query }, options) => «js-code-injection:eval(query)»;
function four(req) {
  const query = req.query;
  «js-code-injection=critical:eval(query.a)»;
}
""",
    "flow.js": """\
// @flow
type Props = { name: string };
function one(props: Props): string {
  return «js-code-injection:eval(props.name)»;
}
""",
    "broken.js": """\
function one( {
  eval("1");
}}) ;;; (
""",
}
