<?php
// Posts a lead as a form handler would, in the two ways that PHP has: php post_lead.php [URL of Postern]

$postern = $argv[1] ?? 'http://127.0.0.1:8080';
$lead = [
    'firstname' => 'Grace',
    'lastname'  => 'Hopper',
    'street'    => 'Navy Yard 1',
    'email'     => 'grace@example.org',
    'tags'      => ['compiler', 'cobol'],
];

// A string is sent as application/x-www-form-urlencoded; http_build_query nests lists and maps in it.
echo post("$postern/trigger?workflow_trigger=web_lead", http_build_query($lead)), "\n";

// An array is sent as multipart/form-data; cURL takes only flat ones, so a list is spelled out.
unset($lead['tags']);
echo post("$postern/trigger?workflow_id=77", $lead + ['tags[0]' => 'compiler', 'tags[1]' => 'cobol']), "\n";

/** The receipt. Whatever is not 202 was not accepted: keep the lead and try again later. */
function post(string $url, string|array $fields): string
{
    $request = curl_init($url);
    curl_setopt_array($request, [
        CURLOPT_POSTFIELDS     => $fields,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT        => 10,
    ]);
    $body = curl_exec($request);
    $status = curl_getinfo($request, CURLINFO_RESPONSE_CODE);
    if ($body === false || $status !== 202) {
        throw new RuntimeException("not accepted ($status): " . ($body ?: curl_error($request)));
    }
    return json_decode($body, true)['receipt'];
}
