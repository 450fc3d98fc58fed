import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;

/** The HttpClient of Java, which offers HTTP/2 by an upgrade and keeps its connections. The first argument is the URL. */
public class HttpClientCaller {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final String FORM = "application/x-www-form-urlencoded";
    private static final String NAME = "\u017dofie & S\u00f6hne +1 %41";

    public static void main(String[] arguments) throws Exception {
        URI url = URI.create(arguments[0]);
        post(url, FORM, "kind=form&name=" + encoded(NAME) + "&tags%5B%5D=a&tags%5B%5D=b");
        post(url, "application/json", "{\"kind\":\"json\",\"name\":\"" + NAME + "\",\"tags\":[\"a\",\"b\"]}");
        StringBuilder parts = new StringBuilder();
        for (String[] part : new String[][] {{"kind", "multipart"}, {"name", NAME}, {"tags[]", "a"}, {"tags[]", "b"}}) {
            parts.append("--xx\r\nContent-Disposition: form-data; name=\"" + part[0] + "\"\r\n\r\n" + part[1] + "\r\n");
        }
        post(url, "multipart/form-data; boundary=xx", parts + "--xx--\r\n");
        for (int number = 0; number < 20; number++) {
            post(url, FORM, "kind=burst&name=" + number);
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static void post(URI url, String type, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(url)
            .header("Content-Type", type)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
        HttpResponse<String> answer = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 202 || !answer.body().contains("\"receipt\"")) {
            throw new IllegalStateException(answer.statusCode() + " " + answer.body());
        }
    }
}
