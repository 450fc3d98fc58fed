# Python's requests, with a session that keeps its connection. The first argument is the URL.
import sys

import requests

url = sys.argv[1]
name = "Žofie & Söhne +1 %41"


def check(answer):
    if answer.status_code != 202 or "receipt" not in answer.json():
        sys.exit(f"{answer.status_code} {answer.text}")


with requests.Session() as session:
    check(session.post(url, data={"kind": "form", "name": name, "tags[]": ["a", "b"]}))
    check(session.post(url, json={"kind": "json", "name": name, "tags": ["a", "b"]}))
    parts = [("kind", "multipart"), ("name", name), ("tags[]", "a"), ("tags[]", "b")]
    check(session.post(url, files=[(field, (None, value)) for field, value in parts]))
    for number in range(20):
        check(session.post(url, data={"kind": "burst", "name": number}))
