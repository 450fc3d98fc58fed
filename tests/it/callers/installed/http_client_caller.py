# Python's http.client: one connection for all requests, and a body in chunks. The first argument is the URL.
import http.client
import json
import sys
from urllib.parse import urlencode, urlsplit

url = urlsplit(sys.argv[1])
name = "Žofie & Söhne +1 %41"
connection = http.client.HTTPConnection(url.netloc)


def post(body, content_type, chunked=False):
    headers = {"Content-Type": content_type}
    if chunked:
        headers["Transfer-Encoding"] = "chunked"
    connection.request("POST", f"{url.path}?{url.query}", body, headers, encode_chunked=chunked)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 202 or "receipt" not in json.loads(text):
        sys.exit(f"{answer.status} {text}")


FORM = "application/x-www-form-urlencoded"
post(urlencode({"kind": "form", "name": name, "tags[]": ["a", "b"]}, doseq=True), FORM)
text = json.dumps({"kind": "json", "name": name, "tags": ["a", "b"]}, ensure_ascii=False).encode()
post(iter([text[:20], text[20:]]), "application/json; charset=utf-8", chunked=True)
parts = [("kind", "multipart"), ("name", name), ("tags[]", "a"), ("tags[]", "b")]
body = "".join(f'--xx\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n' for field, value in parts)
post((body + "--xx--\r\n").encode(), "multipart/form-data; boundary=xx")
for number in range(20):
    post(urlencode({"kind": "burst", "name": number}), FORM)
connection.close()
