"""Planted Python: for every rule of our own, code that must be reported and code that must not.

A line that ends in `#! rule severity` must be reported with exactly that, and no other line may be reported at all.
`<SECRET>` and the like are put in when the tests run, so that nothing here looks like a credential.
"""

import base64
import hashlib

FILL = {
    "<SECRET>": base64.b32encode(hashlib.sha256(b"planted").digest()).decode()[:12].lower() + "Q7x",
    "<PHRASE>": "correct" + "-" + "horse" + "7",
}

SQL = r"""
import sqlite3
from flask import Flask, request
from shop.sql import TABLE
app = Flask(__name__)
db = sqlite3.connect("shop.db")
ORDERS = "orders"

@app.route("/by-name")
def by_name():
    name = request.args["name"]
    query = "select * from orders where customer = '" + name + "'"  #! sql-injection high
    return db.execute(query)

@app.route("/by-format")
def by_format():
    db.execute("select * from orders where id = {}".format(request.args.get("id")))  #! sql-injection high
    db.execute("select * from orders where id = %s" % request.form["id"])  #! sql-injection high
    db.execute(f"select * from orders where id = {request.values['id'].strip()}")  #! sql-injection high
    db.execute(" ".join(["select * from orders where id =", request.args["id"]]))  #! sql-injection high
    query = "select * from orders where 1 = 1"
    if request.args.get("city"):
        query += " and city = '" + request.args["city"] + "'"  #! sql-injection high
    db.execute(query)

@app.get("/item/<name>")
def item(name):
    return db.execute(f"select * from items where name = '{name}'")  #! sql-injection high

@app.get("/item/<int:number>")
def item_by_number(number):
    return db.execute(f"select * from items where id = {number}")

def unproven(connection, name):
    connection.execute("select * from items where name = '%s'" % name)  #! sql-injection medium
    connection.execute(f"drop table {name}")  #! sql-injection low

def right(connection, name, names, limit: int):
    connection.execute("select * from items where name = ?", (name,))
    connection.execute("select * from items where name in (%s)" % ",".join("?" for _ in names), names)
    connection.execute("insert into items values (%s, %d)" % (",".join("?" for _ in names), len(names)), names)
    connection.execute("select * from items where name in (%s)" % ",".join(["%s"] * len(names)), names)
    connection.execute(f"select * from {ORDERS} join {TABLE} limit {limit}")
    connection.execute("select * from items limit %d" % len(names))
    connection.execute(f"select * from items where id = {int(name)}")
    sorted_by = "name" if limit else "id"
    connection.execute("select * from items order by " + sorted_by)
    pool.execute("hello " + name)

@app.get("/checked")
def checked():
    column = request.args["column"]
    if column not in ("name", "id"):
        raise ValueError(column)
    return db.execute(f"select * from items order by {column}")  #! sql-injection low
"""

SQL_DJANGO = r"""
from django.db import connection
from django.db.models.expressions import RawSQL
from sqlalchemy import text

def view(request):
    Item.objects.raw("select * from item where name = '%s'" % request.GET["name"])  #! sql-injection high
    Item.objects.extra(where=["name = '%s'" % request.POST["name"]])  #! sql-injection high
    Item.objects.annotate(n=RawSQL("select %s" % request.GET["column"], ()))  #! sql-injection high
    with connection.cursor() as cursor:
        cursor.execute("update item set name = '" + request.POST.get("name", "") + "'")  #! sql-injection high
    session.execute(text("select * from item where id = " + request.GET["id"]))  #! sql-injection high

def fine(request):
    Item.objects.raw("select * from item where name = %s", [request.GET["name"]])
    Item.objects.extra(where=["name = %s"], params=[request.GET["name"]])
    Item.objects.filter(name=request.GET["name"])
"""

COMMANDS = r"""
import os
import shlex
import subprocess
import sys
from flask import Flask, request
app = Flask(__name__)

@app.route("/ping")
def ping():
    host = request.args["host"]
    os.system("ping -c 1 " + host)  #! command-injection critical
    os.popen(f"ping {host}")  #! command-injection critical
    subprocess.run(f"ping {host}", shell=True)  #! command-injection critical
    subprocess.check_output(["sh", "-c", "ping " + host])  #! command-injection critical
    subprocess.call([host, "-v"])  #! command-injection critical
    subprocess.run(["ping", "-c", "1", host])
    subprocess.run("ping " + shlex.quote(host), shell=True)
    os.system("uptime")

def unproven(name, command):
    subprocess.run("convert " + name, shell=True)  #! command-injection medium
    subprocess.run(command, shell=True)  #! command-injection low
    subprocess.run(["convert", name])
    subprocess.run("ls -l", shell=True)

def main():
    os.system("make " + sys.argv[1])  #! command-injection medium
"""

CODE = r"""
import ast
from flask import request

def run(text, request):
    eval(text)  #! code-injection medium
    eval(request.args["formula"])  #! code-injection critical
    exec("x = " + request.form["x"])  #! code-injection critical
    eval("1 + 1")
    ast.literal_eval(text)
    model.eval()
    text.exec(text)
"""

TEMPLATES = r"""
import jinja2
from flask import Flask, render_template, render_template_string, request
from jinja2 import Environment
from string import Template as StringTemplate
app = Flask(__name__)

@app.route("/hello")
def hello():
    name = request.args["name"]
    render_template_string("<h1>" + name + "</h1>")  #! template-injection critical
    jinja2.Template(request.args["t"]).render()  #! template-injection critical
    Environment(autoescape=True).from_string(f"hello {name}")  #! template-injection critical
    render_template_string("<h1>{{ name }}</h1>", name=name)
    StringTemplate(name)
    return render_template("hello.html", name=name)

def unproven(name):
    jinja2.Template("hello " + name)  #! template-injection low
    jinja2.Template(name)
"""

PATHS = r"""
import os
import shutil
from pathlib import Path
from flask import Flask, request, send_file
from werkzeug.utils import safe_join, secure_filename
app = Flask(__name__)
UPLOADS = "/srv/uploads"

@app.route("/file")
def file():
    name = request.args["name"]
    open(os.path.join(UPLOADS, name))  #! path-traversal high
    send_file("docs/" + name)  #! path-traversal high
    (Path(UPLOADS) / name).read_text()  #! path-traversal high
    os.remove(f"{UPLOADS}/{name}")  #! path-traversal high
    shutil.rmtree(name)  #! path-traversal high
    open(os.path.join(UPLOADS, secure_filename(name)))
    open(os.path.join(UPLOADS, os.path.basename(name)))
    open(safe_join(UPLOADS, name))

@app.route("/page/<path:page>")
def page(page):
    return open("pages/" + page).read()  #! path-traversal high

@app.route("/one/<page>")
def one(page):
    return open("pages/" + page).read()

@app.route("/guarded")
def guarded():
    full = os.path.realpath(os.path.join(UPLOADS, request.args["name"]))
    if not full.startswith(UPLOADS):
        raise ValueError(full)
    return open(full).read()

def unproven(name):
    return open(name)
"""

REDIRECTS = r"""
from flask import Flask, redirect, request, url_for
from django.http import HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
app = Flask(__name__)

@app.route("/go")
def go():
    target = request.args["next"]
    if request.args.get("slow"):
        return redirect("/" + target)  #! open-redirect medium
    if request.args.get("fast"):
        return redirect("/items/" + target)
    if request.args.get("far"):
        return redirect("https://shop.example.com/" + target)
    if request.args.get("home"):
        return redirect(url_for("home", next=target))
    if request.args.get("query"):
        address = request.path
        address += "?" + target
        return redirect(address)
    if request.args.get("host"):
        return redirect("https://" + target + ".example.com/")  #! open-redirect medium
    return redirect(target)  #! open-redirect medium

def view(request):
    target = request.GET.get("next")
    if not url_has_allowed_host_and_scheme(url=target, allowed_hosts=None):
        target = "/"
    return HttpResponseRedirect(target)
"""

FETCHES = r"""
import httpx
import requests
import urllib.request
from flask import Flask, request
from urllib.parse import quote
app = Flask(__name__)
session = requests.Session()

@app.route("/fetch")
def fetch():
    url = request.args["url"]
    requests.get(url, timeout=5)  #! ssrf high
    session.post(f"http://{url}/x", timeout=5)  #! ssrf high
    requests.request("GET", url, timeout=5)  #! ssrf high
    urllib.request.urlopen(url)  #! ssrf high
    httpx.get("https://" + url, timeout=5)  #! ssrf high
    requests.get("https://api.example.com/items/" + url, timeout=5)
    requests.get(f"{settings.api}/items/{url}", timeout=5)
    requests.get("%s/items/%s" % (settings.api, url), timeout=5)
    requests.get("{}/items/{}".format(settings.api, url), timeout=5)
    requests.get("https://{}/items/{}".format(url, settings.api), timeout=5)  #! ssrf high
    requests.get("https://example.com@%s/" % url, timeout=5)  #! ssrf high
    requests.get("https://api.example.com/?q=" + quote(url), timeout=5)
    cache.get(url)

def unproven(url):
    return requests.get(url, timeout=5)
"""

FASTAPI = r"""
import subprocess
import httpx
from fastapi import Depends, FastAPI, Request
app = FastAPI()

@app.get("/run/{name}")
async def run(name: str, count: int, db=Depends(get_db)):
    subprocess.run(f"show {name}", shell=True)  #! command-injection critical
    subprocess.run(f"show {count}", shell=True)
    db.execute(f"select * from items where id = {count}")
    db.execute(f"select * from items where name = '{name}'")  #! sql-injection high

@app.post("/take")
async def take(request: Request):
    body = await request.json()
    async with httpx.AsyncClient() as client:
        await client.get(body["url"])  #! ssrf high
"""

TORNADO = r"""
import os
import tornado.web

class Main(tornado.web.RequestHandler):
    def get(self):
        name = self.get_argument("name")
        os.system("finger " + name)  #! command-injection critical
        self.redirect(self.get_argument("next"))  #! open-redirect medium
"""

DATA = r"""
import marshal
import pickle
import shelve
import numpy
import torch
import yaml
from flask import request

def read(data, name):
    pickle.loads(data)  #! unsafe-deserialisation medium
    pickle.loads(request.data)  #! unsafe-deserialisation critical
    yaml.load(data)  #! unsafe-deserialisation medium
    yaml.load(request.data, Loader=yaml.Loader)  #! unsafe-deserialisation critical
    yaml.unsafe_load(data)  #! unsafe-deserialisation medium
    marshal.loads(data)  #! unsafe-deserialisation low
    shelve.open(name)  #! unsafe-deserialisation low
    torch.load(name)  #! unsafe-deserialisation low
    numpy.load(name, allow_pickle=True)  #! unsafe-deserialisation low
    yaml.load(data, Loader=yaml.SafeLoader)
    yaml.load(data, yaml.CSafeLoader)
    yaml.safe_load(data)
    torch.load(name, weights_only=True)
    numpy.load(name)
    pickle.loads(pickle.dumps(data))
    pickle.loads(b"\x80\x04N.")
    json.loads(data)
"""

MARKUP = r"""
from django.http import HttpResponse
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe

def view(request, name):
    mark_safe("<b>" + request.GET["name"] + "</b>")  #! xss high
    mark_safe("<b>" + name + "</b>")  #! xss low
    mark_safe("<b>fixed</b>")
    mark_safe("<b>" + escape(request.GET["name"]) + "</b>")
    format_html("<b>{}</b>", request.GET["name"])
    HttpResponse("hello " + request.GET["name"])  #! xss high
    HttpResponse(request.body, content_type="text/plain")
    return HttpResponse(escape(request.GET["name"]))
"""

MARKUP_FLASK = r"""
from flask import Flask, request
from markupsafe import Markup, escape
app = Flask(__name__)

@app.route("/a")
def a():
    return "<h1>" + request.args["name"] + "</h1>"  #! xss high

@app.route("/b")
def b():
    return f"<h1>{escape(request.args['name'])}</h1>"

@app.route("/c")
def c():
    return {"name": request.args["name"]}

@app.route("/d")
def d():
    return Markup("<p>" + request.args["name"])  #! xss high
"""

XML = r"""
import xml.sax
from flask import request
from lxml import etree
from xml.sax.handler import feature_external_ges

def read(path):
    etree.XMLParser(resolve_entities=True)  #! xxe medium
    etree.fromstring(request.data)  #! xxe medium
    parser = xml.sax.make_parser()
    parser.setFeature(feature_external_ges, True)  #! xxe medium
    parser.setFeature(feature_external_ges, False)
    etree.XMLParser(resolve_entities=False)
    etree.parse(path)
"""

ARCHIVES = r"""
import os
import shutil
import tarfile

def unpack(name, target):
    with tarfile.open(name) as archive:
        archive.extractall(target)  #! archive-extraction medium
        archive.extractall(target, filter="data")
        archive.extractall(target, filter="fully_trusted")  #! archive-extraction medium
        archive.extractall(target, members=safe(archive))  #! archive-extraction low
        for member in archive.getmembers():
            open(os.path.join(target, member.name), "wb")  #! archive-extraction medium
            open(os.path.join(target, os.path.basename(member.name)), "wb")
    shutil.unpack_archive(name, target)  #! archive-extraction low
    shutil.unpack_archive(name, target, filter="data")
"""

ARCHIVES_ZIP = r"""
import zipfile

def unpack(name, target):
    with zipfile.ZipFile(name) as archive:
        archive.extractall(target)
        for entry in archive.infolist():
            archive.open(entry).read()
"""

CRYPTOGRAPHY = r"""
import hashlib
import random
import secrets
from Crypto.Cipher import AES, DES
from Crypto.Hash import MD5
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import algorithms, modes

def digest(data, password):
    hashlib.md5(data)  #! weak-hash low
    hashlib.sha1(password.encode())  #! weak-hash medium
    hashlib.new("md5", data)  #! weak-hash low
    MD5.new(data)  #! weak-hash low
    hashes.SHA1()  #! weak-hash low
    hashlib.md5(data, usedforsecurity=False)
    hashlib.new("sha256", data)
    hashlib.sha256(data)

def encrypt(key, data):
    DES.new(key, DES.MODE_CBC)  #! weak-cipher medium
    algorithms.ARC4(key)  #! weak-cipher medium
    algorithms.AES(key)
    AES.new(key, AES.MODE_ECB)  #! ecb-mode medium
    modes.ECB()  #! ecb-mode medium
    AES.new(key, AES.MODE_GCM)
    rsa.generate_private_key(public_exponent=65537, key_size=1024)  #! weak-key medium
    rsa.generate_private_key(public_exponent=65537, key_size=3072)

def make(items):
    token = random.randint(0, 10**6)  #! insecure-random medium
    item = random.choice(items)
    token = secrets.token_hex(16)
    rng = random.SystemRandom()

def reset_token():
    return "".join(random.choice("abc") for _ in range(8))  #! insecure-random medium
"""

TLS = r"""
import ssl
import httpx
import jwt
import paramiko
import requests
import urllib3

def fetch(url, token, key, ca):
    requests.get(url, verify=False, timeout=5)  #! tls-verification-off high
    httpx.Client(verify=False)  #! tls-verification-off high
    requests.get(url, verify=ca, timeout=5)
    requests.get(url, timeout=5)
    session = requests.Session()
    session.verify = False  #! tls-verification-off medium
    session.get(url, verify=False)  #! tls-verification-off high
    ssl._create_unverified_context()  #! tls-verification-off medium
    ssl._create_default_https_context = ssl._create_unverified_context  #! tls-verification-off high
    context = ssl.create_default_context()
    context.check_hostname = False  #! tls-verification-off low
    context.verify_mode = ssl.CERT_NONE  #! tls-verification-off medium
    context.verify_mode = ssl.CERT_REQUIRED
    urllib3.PoolManager(cert_reqs="CERT_NONE")  #! tls-verification-off medium
    urllib3.PoolManager(cert_reqs="CERT_REQUIRED")
    ssl.SSLContext(ssl.PROTOCOL_TLSv1)  #! weak-tls medium
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())  #! ssh-host-key-unchecked medium
    client.set_missing_host_key_policy(paramiko.RejectPolicy())

def claims(token, key):
    jwt.decode(token, options={"verify_signature": False})  #! jwt-unverified medium
    jwt.decode(token, key, algorithms=["none"])  #! jwt-unverified high
    jwt.decode(token, key, verify=False)  #! jwt-unverified medium
    jwt.decode(token, key, algorithms=["HS256"])
    token.decode("utf-8")
"""

SERVERS = r"""
import os
import socket
import tempfile
from flask import Flask
from flask_cors import CORS
app = Flask(__name__)
CORS(app, origins="*", supports_credentials=True)  #! cors-any-origin medium
CORS(app, origins="*")
CORS(app, origins=["https://shop.example.com"], supports_credentials=True)
app.debug = True  #! debug-server medium

def serve(path, debug):
    app.run(debug=True)  #! debug-server medium
    app.run(debug=debug)
    app.run(host="0.0.0.0")  #! bind-all-interfaces low
    app.run(host="127.0.0.1")
    server = socket.socket()
    server.bind(("0.0.0.0", 80))  #! bind-all-interfaces low
    server.bind(("127.0.0.1", 80))
    tempfile.mktemp()  #! insecure-temporary-file medium
    tempfile.mkstemp()
    os.chmod(path, 0o777)  #! loose-permissions medium
    os.chmod(path, 0o755)

if __name__ == "__main__":
    ON = True
    app.run(host="127.0.0.1", debug=ON)  #! debug-server medium
"""

SERVERS_STARLETTE = r"""
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)  #! cors-any-origin medium
app.add_middleware(CORSMiddleware, allow_origins=["*"])
app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example.com"], allow_credentials=True)
"""

OPEN_DEBUGGER = r"""
from flask import Flask
app = Flask(__name__)
app.run(debug=True, host="0.0.0.0")  #! debug-server high #! bind-all-interfaces low
"""

SETTINGS = r"""
DEBUG = True  #! debug-server medium
ALLOWED_HOSTS = []
CORS_ALLOW_ALL_ORIGINS = True
CORS_ALLOW_CREDENTIALS = True  #! cors-any-origin medium
SECRET_KEY = "<SECRET>"  #! hard-coded-credential medium
"""

SETTINGS_RIGHT = r"""
import os
DEBUG = os.environ.get("DEBUG") == "1"
SECRET_KEY = os.environ["SECRET_KEY"]
CORS_ALLOW_ALL_ORIGINS = True
PASSWORD_RESET_TIMEOUT = 3600
"""

CREDENTIALS = r"""
import os
password = "<PHRASE>"  #! hard-coded-credential medium
db_password: str = "<PHRASE>"  #! hard-coded-credential medium
connect(user="shop", password="<PHRASE>")  #! hard-coded-credential medium
SETTINGS = {"api_key": "<SECRET>", "name": "shop"}  #! hard-coded-credential medium
SETTINGS["auth_token"] = "<SECRET>"  #! hard-coded-credential medium

def login(given, password="<PHRASE>"):  #! hard-coded-credential medium
    if password == "<PHRASE>":  #! hard-coded-credential medium
        return True

class Client:
    secret_key = b"<SECRET>"  #! hard-coded-credential medium

password = ""
password = None
password = "changeme"
password = "<your password>"
password = "${PASSWORD}"
password = os.environ["DB_PASSWORD"]
password = input("password")
PASSWORD_FIELD = "password"
password = "password"
password = "password_field"
token = "csrf_token"
token_url = "https://example.com/token"
token = "short"
api_key = "X-Api-Key-Header"
KEY = "<SECRET>"
primary_key = "customer_id"
help(password="Enter your password")
"""

CORPUS: dict[str, str] = {
    "app/sql.py": SQL,
    "app/sql_django.py": SQL_DJANGO,
    "app/commands.py": COMMANDS,
    "app/code.py": CODE,
    "app/templates.py": TEMPLATES,
    "app/paths.py": PATHS,
    "app/redirects.py": REDIRECTS,
    "app/fetches.py": FETCHES,
    "app/api.py": FASTAPI,
    "app/handler.py": TORNADO,
    "app/data.py": DATA,
    "app/markup.py": MARKUP,
    "app/markup_flask.py": MARKUP_FLASK,
    "app/read_xml.py": XML,
    "app/archives.py": ARCHIVES,
    "app/archives_zip.py": ARCHIVES_ZIP,
    "app/cryptography_use.py": CRYPTOGRAPHY,
    "app/tls.py": TLS,
    "app/servers.py": SERVERS,
    "app/servers_starlette.py": SERVERS_STARLETTE,
    "app/open_debugger.py": OPEN_DEBUGGER,
    "shop/settings.py": SETTINGS,
    "shop2/settings.py": SETTINGS_RIGHT,
    "app/credentials.py": CREDENTIALS,
}


def planted() -> dict[str, str]:
    """The files, with what looks like credentials put in."""
    files: dict[str, str] = {}
    for path, text in CORPUS.items():
        for mark, secret in FILL.items():
            text = text.replace(mark, secret)
        files[path] = text
    return files


def expected(text: str) -> set[tuple[str, int, str]]:
    """What the marks in *text* say: rule, line, severity."""
    return {
        (f"security/{rule}", number, severity)
        for number, line in enumerate(text.split("\n"), 1)
        for mark in line.split("#! ")[1:]
        for rule, severity in [mark.split()]
    }
