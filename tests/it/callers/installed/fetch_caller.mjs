// The fetch of Node, which keeps its connections. The first argument is the URL.
const url = process.argv[2];
const name = 'Žofie & Söhne +1 %41';

async function post(body, headers = {}) {
  const answer = await fetch(url, {method: 'POST', body, headers});
  const text = await answer.text();
  if (answer.status !== 202 || !JSON.parse(text).receipt) {
    throw new Error(`${answer.status} ${text}`);
  }
}

await post(new URLSearchParams([['kind', 'form'], ['name', name], ['tags[]', 'a'], ['tags[]', 'b']]));
await post(JSON.stringify({kind: 'json', name, tags: ['a', 'b']}), {'content-type': 'application/json'});
const parts = new FormData();
for (const [field, value] of [['kind', 'multipart'], ['name', name], ['tags[]', 'a'], ['tags[]', 'b']]) {
  parts.append(field, value);
}
await post(parts);
for (let number = 0; number < 10; number++) {
  await post(new URLSearchParams({kind: 'burst', name: number}));
}
// The rest at once.
const rest = Array.from({length: 10}, (_, number) => post(new URLSearchParams({kind: 'burst', name: 10 + number})));
await Promise.all(rest);
