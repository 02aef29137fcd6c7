"""Planted Python for the checks that only bandit and ruff have; marked as `security_python` is."""

_TEXT = r"""
import ftplib
import logging.config
import os
import jinja2
import requests
from transformers import AutoModel

requests.get("https://example.com")  #! request-without-timeout low
requests.get("https://example.com", timeout=5)
open("/tmp/cache.json")  #! temporary-path info
open("/srv/cache.json")
ftplib.FTP("example.com")  #! insecure-protocol low
ftplib.FTP_TLS("example.com")
os.system("tar cf all.tar *")  #! shell-wildcard low
logging.config.listen(9030)  #! log-configuration-server medium
logging.config.listen(9030, verify=check)
jinja2.Environment()  #! template-autoescape-off low
jinja2.Environment(autoescape=True)
AutoModel.from_pretrained("org/model")  #! unpinned-download low
AutoModel.from_pretrained("org/model", revision="4f2c1e9d7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d")
NAME = "a<BIDI>b"  #! trojan-source medium
"""


def planted() -> str:
    """The file, with the character that turns the reading order round put in."""
    return _TEXT.replace("<BIDI>", "\N{RIGHT-TO-LEFT OVERRIDE}")
