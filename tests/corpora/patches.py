"""Places that the patcher-rules mend, before and after, and places that they must leave alone.

What looks like a credential is put together when it is used.
"""

from typing import NamedTuple


class Mended(NamedTuple):
    """One place and what must stand there afterwards."""

    rule: str
    before: str
    after: str
    path: str = "app/main.py"


MENDED: dict[str, Mended] = {
    "yaml": Mended(
        "security/unsafe-deserialisation",
        "import yaml\n\n\ndef read(text):\n    return yaml.load(text, Loader=yaml.Loader)  # ours\n",
        "import yaml\n\n\ndef read(text):\n    return yaml.safe_load(text)  # ours\n",
    ),
    "yaml, second argument": Mended(
        "security/unsafe-deserialisation",
        "import yaml as y\n\n\ndef read(text):\n    return list(y.load_all(text, y.FullLoader))\n",
        "import yaml as y\n\n\ndef read(text):\n    return list(y.safe_load_all(text))\n",
    ),
    "yaml, name imported": Mended(
        "security/unsafe-deserialisation",
        "from yaml import load\n\n\ndef read(text):\n    return load(text)\n",
        "import yaml\nfrom yaml import load\n\n\ndef read(text):\n    return yaml.safe_load(text)\n",
    ),
    "torch": Mended(
        "security/unsafe-deserialisation",
        "import torch\n\n\ndef read(path):\n    return torch.load(path, map_location='cpu')\n",
        "import torch\n\n\ndef read(path):\n    return torch.load(path, map_location='cpu', weights_only=True)\n",
    ),
    "tar": Mended(
        "security/archive-extraction",
        "import tarfile\n\n\ndef unpack(name):\n    with tarfile.open(name) as tar:\n        tar.extractall()\n",
        "import tarfile\n\n\ndef unpack(name):\n    with tarfile.open(name) as tar:\n"
        '        tar.extractall(filter="data")\n',
    ),
    "tar, trusted": Mended(
        "security/archive-extraction",
        "import tarfile\n\n\ndef unpack(name):\n    tarfile.open(name).extractall('x', filter='fully_trusted')\n",
        "import tarfile\n\n\ndef unpack(name):\n    tarfile.open(name).extractall('x', filter='data')\n",
    ),
    "lxml": Mended(
        "security/xxe",
        "from lxml import etree\n\nPARSER = etree.XMLParser(resolve_entities=True, huge_tree=False)\n",
        "from lxml import etree\n\nPARSER = etree.XMLParser(resolve_entities=False, huge_tree=False)\n",
    ),
    "md5": Mended(
        "security/weak-hash",
        "import hashlib\n\n\ndef checksum(data):\n    return hashlib.md5(data).hexdigest()\n",
        "import hashlib\n\n\ndef checksum(data):\n    return hashlib.md5(data, usedforsecurity=False).hexdigest()\n",
    ),
    "sha1 by name": Mended(
        "security/weak-hash",
        'import hashlib\n\n\ndef checksum():\n    return hashlib.new("sha1")\n',
        'import hashlib\n\n\ndef checksum():\n    return hashlib.new("sha1", usedforsecurity=False)\n',
    ),
    "key": Mended(
        "security/weak-key",
        "from cryptography.hazmat.primitives.asymmetric import rsa\n\n"
        "KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)\n",
        "from cryptography.hazmat.primitives.asymmetric import rsa\n\n"
        "KEY = rsa.generate_private_key(public_exponent=65537, key_size=3072)\n",
    ),
    "random": Mended(
        "security/insecure-random",
        "import random\n\n\ndef f():\n    token = random.randint(0, 10**6)\n    return token\n",
        "import random\n\n\ndef f():\n    token = random.SystemRandom().randint(0, 10**6)\n    return token\n",
    ),
    "random, name imported": Mended(
        "security/insecure-random",
        '"""Doc."""\nfrom random import choice\n\n\ndef f(letters):\n    token = choice(letters)\n    return token\n',
        '"""Doc."""\nimport secrets\nfrom random import choice\n\n\ndef f(letters):\n'
        "    token = secrets.SystemRandom().choice(letters)\n    return token\n",
    ),
    "requests": Mended(
        "security/tls-verification-off",
        "import requests\n\n\ndef fetch(url):\n    return requests.get(url, verify=False, timeout=3)\n",
        "import requests\n\n\ndef fetch(url):\n    return requests.get(url, timeout=3)\n",
    ),
    "requests, last and on lines": Mended(
        "security/tls-verification-off",
        "import requests\n\n\ndef fetch(url):\n    return requests.get(\n        url,  # the address\n"
        "        timeout=3,\n        verify=(False),\n    )\n",
        "import requests\n\n\ndef fetch(url):\n    return requests.get(\n        url,  # the address\n"
        "        timeout=3,\n    )\n",
    ),
    "session": Mended(
        "security/tls-verification-off",
        "import requests\n\nSESSION = requests.Session()\nSESSION.verify = False\n",
        "import requests\n\nSESSION = requests.Session()\nSESSION.verify = True\n",
    ),
    "context": Mended(
        "security/tls-verification-off",
        "import ssl\n\nCONTEXT = ssl._create_unverified_context()\n",
        "import ssl\n\nCONTEXT = ssl.create_default_context()\n",
    ),
    "context, both checks": Mended(
        "security/tls-verification-off",
        "import ssl\n\nC = ssl.create_default_context()\nC.check_hostname = False\nC.verify_mode = ssl.CERT_NONE\n",
        "import ssl\n\nC = ssl.create_default_context()\nC.check_hostname = True\nC.verify_mode = ssl.CERT_REQUIRED\n",
    ),
    "whole process": Mended(
        "security/tls-verification-off",
        "import ssl\n\nssl._create_default_https_context = ssl._create_unverified_context\n",
        "import ssl\n\nssl._create_default_https_context = ssl.create_default_context\n",
    ),
    "old tls": Mended(
        "security/weak-tls",
        "import ssl\n\nCONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLSv1)\n",
        "import ssl\n\nCONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS)\n",
    ),
    "ssh": Mended(
        "security/ssh-host-key-unchecked",
        "import paramiko\n\n\ndef connect(host):\n    client = paramiko.SSHClient()\n"
        "    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())\n    return client\n",
        "import paramiko\n\n\ndef connect(host):\n    client = paramiko.SSHClient()\n"
        "    client.load_system_host_keys()\n"
        "    client.set_missing_host_key_policy(paramiko.RejectPolicy())\n    return client\n",
    ),
    "timeout": Mended(
        "security/request-without-timeout",
        "import requests\n\n\ndef fetch(url):\n    return requests.get(url)\n",
        "import requests\n\n\ndef fetch(url):\n    return requests.get(url, timeout=10)\n",
    ),
    "timeout, on lines": Mended(
        "security/request-without-timeout",
        "import requests\n\n\ndef fetch(url):\n    return requests.post(\n        url,\n        data=(1),\n    )\n",
        "import requests\n\n\ndef fetch(url):\n    return requests.post(\n        url,\n        data=(1),\n"
        "        timeout=10,\n    )\n",
    ),
    "timeout, none": Mended(
        "security/request-without-timeout",
        "import requests\n\n\ndef fetch(url):\n    return requests.get(url, timeout=None)\n",
        "import requests\n\n\ndef fetch(url):\n    return requests.get(url, timeout=10)\n",
    ),
    "two alike": Mended(
        "security/request-without-timeout",
        "import requests\n\n\ndef a(url):\n    return requests.get(url)\n\n\n"
        "def b(url):\n    return requests.get(url)\n",
        "import requests\n\n\ndef a(url):\n    return requests.get(url, timeout=10)\n\n\n"
        "def b(url):\n    return requests.get(url, timeout=10)\n",
    ),
    "debug": Mended(
        "security/debug-server",
        "from flask import Flask\n\napp = Flask(__name__)\napp.run(debug=True)\n",
        "from flask import Flask\n\napp = Flask(__name__)\napp.run()\n",
    ),
    "debug, first of two": Mended(
        "security/debug-server",
        "from flask import Flask\n\napp = Flask(__name__)\napp.run(debug=True, port=80)\n",
        "from flask import Flask\n\napp = Flask(__name__)\napp.run(port=80)\n",
    ),
    "debug, setting": Mended(
        "security/debug-server",
        "DEBUG = True\nTIME_ZONE = 'UTC'\n",
        "DEBUG = False\nTIME_ZONE = 'UTC'\n",
        "site/settings.py",
    ),
    "mktemp": Mended(
        "security/insecure-temporary-file",
        "import tempfile\n\n\ndef f():\n    name = tempfile.mktemp('.txt')  # short\n    return name\n",
        "import os\nimport tempfile\n\n\ndef f():\n    handle, name = tempfile.mkstemp('.txt')  # short\n"
        "    os.close(handle)\n    return name\n",
    ),
    "chmod": Mended(
        "security/loose-permissions",
        "import os\n\n\ndef f(path):\n    os.chmod(path, 0o777)\n",
        "import os\n\n\ndef f(path):\n    os.chmod(path, 0o755)\n",
    ),
    "chmod of a path": Mended(
        "security/loose-permissions",
        "def f(path):\n    path.chmod(0o666)\n",
        "def f(path):\n    path.chmod(0o644)\n",
    ),
    "jinja": Mended(
        "security/template-autoescape-off",
        "import jinja2\n\nENVIRONMENT = jinja2.Environment()\n",
        "import jinja2\n\nENVIRONMENT = jinja2.Environment(autoescape=jinja2.select_autoescape())\n",
    ),
    "jinja, name imported": Mended(
        "security/template-autoescape-off",
        "from jinja2 import Environment\n\nENVIRONMENT = Environment(autoescape=False)\n",
        "from jinja2 import Environment\nfrom jinja2 import select_autoescape\n\n"
        "ENVIRONMENT = Environment(autoescape=select_autoescape())\n",
    ),
    "bare except": Mended(
        "review/bare-except",
        "def f(g):\n    try:\n        return g()\n    except:\n        print('no')\n        return None\n",
        "def f(g):\n    try:\n        return g()\n    except Exception:\n        print('no')\n        return None\n",
    ),
    "breakpoint": Mended(
        "review/leftover-debugger",
        "def f(x):\n    y = x + 1\n    breakpoint()\n    return y\n",
        "def f(x):\n    y = x + 1\n    return y\n",
    ),
    "pdb": Mended(
        "review/leftover-debugger",
        "import pdb\n\n\ndef f(x):\n    if x:\n        pdb.set_trace()\n    return x\n",
        "\n\ndef f(x):\n    if x:\n        pass\n    return x\n",
    ),
    "shell, f-string": Mended(
        "security/command-injection",
        "import subprocess\n\n\ndef f(name, size):\n"
        "    subprocess.run(f'convert {name} -resize {size}% \"out {name}.png\"', shell=True, check=True)\n",
        "import subprocess\n\n\ndef f(name, size):\n"
        '    subprocess.run(["convert", str(name), "-resize", f"{size}%", f"out {name}.png"], check=True)\n',
    ),
    "shell, plus": Mended(
        "security/command-injection",
        "import subprocess\n\nfrom flask import request\n\n\ndef ping():\n"
        '    return subprocess.call("ping -c 1 " + request.args["host"], shell=True)\n',
        "import subprocess\n\nfrom flask import request\n\n\ndef ping():\n"
        '    return subprocess.call(["ping", "-c", "1", request.args["host"]])\n',
    ),
    "shell, percent": Mended(
        "security/command-injection",
        'import subprocess\n\n\ndef f(a, b):\n    subprocess.check_call("tar cf %s.tar %s" % (a, b), shell=True)\n',
        'import subprocess\n\n\ndef f(a, b):\n    subprocess.check_call(["tar", "cf", f"{a}.tar", str(b)])\n',
    ),
    "system": Mended(
        "security/command-injection",
        'import os\n\n\ndef f(name):\n    os.system("rm -- {}".format(name))\n',
        'import os\nimport subprocess\n\n\ndef f(name):\n    subprocess.run(["rm", "--", str(name)], check=False)\n',
    ),
    "sql, plus": Mended(
        "security/sql-injection",
        "import sqlite3\n\n\ndef f(db, name):\n"
        '    return db.execute("select * from orders where customer = \'" + name + "\' and open = 1")\n',
        "import sqlite3\n\n\ndef f(db, name):\n"
        '    return db.execute("select * from orders where customer = ? and open = 1", (name,))\n',
    ),
    "sql, f-string": Mended(
        "security/sql-injection",
        "import psycopg2\n\n\ndef f(cursor, name, count):\n"
        "    cursor.execute(f\"select * from o where n like '%{name}%' and s = 'a%' limit {count}\")\n",
        "import psycopg2\n\n\ndef f(cursor, name, count):\n"
        "    cursor.execute(\"select * from o where n like %s and s = 'a%%' limit %s\", (f'%{name}%', count))\n",
    ),
    "sql, insert": Mended(
        "security/sql-injection",
        "import sqlite3\n\n\ndef f(db, a, b):\n    db.execute(\"insert into t values ('%s', %d)\" % (a, b))\n",
        'import sqlite3\n\n\ndef f(db, a, b):\n    db.execute("insert into t values (?, ?)", (str(a), f"{b:d}"))\n',
    ),
    "trojan": Mended(
        "security/trojan-source",
        "LEVEL = 'user\u202e'  # is \u2066admin\u2069\n",
        "LEVEL = 'user\\u202e'  # is admin\n",
    ),
    "javascript tls": Mended(
        "security/js-tls-verification-off",
        "const https = require('https');\nconst agent = new https.Agent({ rejectUnauthorized: false });\n",
        "const https = require('https');\nconst agent = new https.Agent({ rejectUnauthorized: true });\n",
        "web/agent.js",
    ),
    "javascript tls, whole process": Mended(
        "security/js-tls-verification-off",
        "process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';\n",
        "process.env.NODE_TLS_REJECT_UNAUTHORIZED = '1';\n",
        "web/start.js",
    ),
    "javascript debugger": Mended(
        "review/js-debugger",
        "export function f(x) {\n  debugger;\n  return x + 1;\n}\n",
        "export function f(x) {\n  return x + 1;\n}\n",
        "web/f.js",
    ),
    "mutable default": Mended(
        "review/mutable-default",
        "def f(x, seen=[]):\n    seen.append(x)\n    return seen\n",
        "def f(x, seen=None):\n    if seen is None:\n        seen = []\n    seen.append(x)\n    return seen\n",
    ),
    "unused import": Mended(
        "review/unused-import",
        "import os\nimport sys, json\n\nprint(sys.path, json.dumps(1))\n",
        "import sys, json\n\nprint(sys.path, json.dumps(1))\n",
    ),
    "identity": Mended(
        "review/constant-condition",
        "def f(x):\n    return x is 'a'\n",
        "def f(x):\n    return x == 'a'\n",
    ),
    "not implemented": Mended(
        "review/wrong-raise",
        "def f(x):\n    if x:\n        raise NotImplemented\n    return 1\n",
        "def f(x):\n    if x:\n        raise NotImplementedError\n    return 1\n",
    ),
    "handler": Mended(
        "review/wrong-handler",
        "def f(g):\n    try:\n        return g()\n    except (OSError, OSError):\n        return 1\n",
        "def f(g):\n    try:\n        return g()\n    except OSError:\n        return 1\n",
    ),
    "format": Mended(
        "review/wrong-format",
        "def f(a, b):\n    return '{}'.format(a, b)\n",
        "def f(a, b):\n    return '{}'.format(a, )\n",
    ),
    "entry": Mended(
        "review/repeated-entry",
        "LETTERS = {'a', 'b', 'a'}\n",
        "LETTERS = {'a', 'b'}\n",
    ),
}


class Refused(NamedTuple):
    """One place that must be left alone, and a part of the reason."""

    rule: str
    reason: str
    text: str


REFUSED: dict[str, Refused] = {
    "pickle": Refused(
        "security/unsafe-deserialisation",
        "not written in a form",
        "import pickle\n\n\ndef f(x):\n    return pickle.loads(x)\n",
    ),
    "protects": Refused(
        "security/weak-hash",
        "protects something",
        "import hashlib\n\n\ndef f(password):\n    return hashlib.md5(password.encode())\n",
    ),
    "pipe": Refused(
        "security/command-injection",
        "uses the shell: '|'",
        "import subprocess\n\n\ndef f(x):\n    subprocess.run('cat ' + x + ' | sort', shell=True)\n",
    ),
    "variable of the shell": Refused(
        "security/command-injection",
        "uses the shell: '$'",
        "import subprocess\n\n\ndef f(x):\n    subprocess.run(f'ls \"$HOME\" {x}', shell=True)\n",
    ),
    "setting of the shell": Refused(
        "security/command-injection",
        "sets a variable",
        "import subprocess\n\n\ndef f(x):\n    subprocess.run('LC_ALL=C ls ' + x, shell=True)\n",
    ),
    "program": Refused(
        "security/command-injection",
        "chosen by a value",
        "import subprocess\n\n\ndef f(x):\n    subprocess.run(x + ' --version', shell=True)\n",
    ),
    "elsewhere": Refused(
        "security/command-injection",
        "not written in a form",
        "import subprocess\n\n\ndef f(x):\n    command = 'ls ' + x\n    subprocess.run(command, shell=True)\n",
    ),
    "column": Refused(
        "security/sql-injection",
        "name of a table",
        "import sqlite3\n\n\ndef f(db, x):\n    db.execute('select * from t order by ' + x)\n",
    ),
    "column in quotes": Refused(
        "security/sql-injection",
        "outside of a text",
        "import sqlite3\n\n\ndef f(db, x):\n    db.execute(f'select \"{x}\" from t where a = {x}')\n",
    ),
    "driver": Refused(
        "security/sql-injection",
        "Which database",
        'def f(db, x):\n    db.execute("select * from t where a = \'" + x + "\'")\n',
    ),
    "stars": Refused(
        "security/request-without-timeout",
        "from a dictionary",
        "import requests\n\n\ndef f(url, more):\n    return requests.get(url, **more)\n",
    ),
    "name taken": Refused(
        "security/insecure-random",
        "means something else",
        "from random import choice\n\nsecrets = 'abc'\ntoken = choice(secrets)\n",
    ),
    "no variable": Refused(
        "security/insecure-temporary-file",
        "not kept in a variable",
        "import tempfile\n\nclass A: pass\n\n\ndef f(a):\n    a.name = tempfile.mktemp()\n",
    ),
}
