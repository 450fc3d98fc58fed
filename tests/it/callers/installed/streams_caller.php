<?php
// The streams of PHP: file_get_contents with a context, as WordPress without curl and many forms do. The first argument is
// the URL.
$url = $argv[1];
$name = 'Žofie & Söhne +1 %41';

function post(string $body, string $type = 'application/x-www-form-urlencoded'): void
{
    global $url;
    $http = ['method' => 'POST', 'header' => "Content-Type: $type", 'content' => $body, 'ignore_errors' => true];
    $answer = file_get_contents($url, false, stream_context_create(['http' => $http]));
    if (!str_contains($http_response_header[0], ' 202 ') || !isset(json_decode($answer, true)['receipt'])) {
        fwrite(STDERR, "$http_response_header[0] $answer\n");
        exit(1);
    }
}

post(http_build_query(['kind' => 'form', 'name' => $name, 'tags' => ['a', 'b']]));
post(json_encode(['kind' => 'json', 'name' => $name, 'tags' => ['a', 'b']]), 'application/json');
$parts = '';
foreach ([['kind', 'multipart'], ['name', $name], ['tags[]', 'a'], ['tags[]', 'b']] as [$field, $value]) {
    $parts .= "--xx\r\nContent-Disposition: form-data; name=\"$field\"\r\n\r\n$value\r\n";
}
post("$parts--xx--\r\n", 'multipart/form-data; boundary=xx');
for ($number = 0; $number < 20; $number++) {
    post(http_build_query(['kind' => 'burst', 'name' => $number]));
}
