# Python's urllib, which closes the connection behind each request. The first argument is the URL.
import json
import sys
import urllib.parse
import urllib.request

url = sys.argv[1]
name = "Žofie & Söhne +1 %41"


def post(body, content_type=None):
    headers = {"Content-Type": content_type} if content_type else {}
    with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers)) as answer:
        if answer.status != 202 or "receipt" not in json.load(answer):
            sys.exit(f"{answer.status}")


def form(fields):
    post(urllib.parse.urlencode(fields, doseq=True).encode())


form({"kind": "form", "name": name, "tags[]": ["a", "b"]})
post(json.dumps({"kind": "json", "name": name, "tags": ["a", "b"]}).encode(), "application/json")
parts = [("kind", "multipart"), ("name", name), ("tags[]", "a"), ("tags[]", "b")]
body = "".join(f'--xx\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n' for field, value in parts)
post((body + "--xx--\r\n").encode(), "multipart/form-data; boundary=xx")
for number in range(20):
    form({"kind": "burst", "name": number})
