<?php
// The curl of PHP, with a handle that keeps its connection. The first argument is the URL.
$url = $argv[1];
$name = 'Žofie & Söhne +1 %41';
$handle = curl_init();

function post(string|array $body, array $headers = []): void
{
    global $handle, $url;
    curl_setopt_array($handle, [
        CURLOPT_URL => $url,
        CURLOPT_POSTFIELDS => $body,
        CURLOPT_HTTPHEADER => $headers,
        CURLOPT_RETURNTRANSFER => true,
    ]);
    $answer = curl_exec($handle);
    $status = curl_getinfo($handle, CURLINFO_RESPONSE_CODE);
    if ($status !== 202 || !isset(json_decode($answer, true)['receipt'])) {
        fwrite(STDERR, "$status $answer\n");
        exit(1);
    }
}

post(http_build_query(['kind' => 'form', 'name' => $name, 'tags' => ['a', 'b']]));
post(json_encode(['kind' => 'json', 'name' => $name, 'tags' => ['a', 'b']]), ['Content-Type: application/json']);
// An array is sent as multipart/form-data.
post(['kind' => 'multipart', 'name' => $name, 'tags[0]' => 'a', 'tags[1]' => 'b']);
for ($number = 0; $number < 20; $number++) {
    post(http_build_query(['kind' => 'burst', 'name' => $number]));
}
