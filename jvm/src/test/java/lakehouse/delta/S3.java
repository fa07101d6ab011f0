package lakehouse.delta;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;

/**
 * A local S3 with a bucket "lake", whose road is as bad as a test asks for. All tests share one, as they share S3A's
 * cached file system; it ends with this process, whose end is the end of its standard input.
 */
final class S3 {
  private static S3 shared;

  private final Process process;
  private final String address;
  private final HttpClient http = HttpClient.newHttpClient();

  static synchronized S3 shared() throws IOException {
    if (shared == null) {
      shared = new S3();
    }
    return shared;
  }

  private S3() throws IOException {
    ProcessBuilder builder = new ProcessBuilder(System.getProperty("python"), "tests/s3/faulty_s3.py", "lake");
    builder.directory(Path.of("..").toFile()).redirectError(ProcessBuilder.Redirect.INHERIT);
    process = builder.start();
    BufferedReader said = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    address = said.readLine();
    if (address == null) {
      throw new IOException("the S3 endpoint did not start; is the project set up (`make setup`)?");
    }
  }

  /** S3A as a driver has it, but that it gives up soon. */
  Configuration configuration() {
    Configuration conf = new Configuration();
    conf.set("fs.s3a.endpoint", address);
    conf.set("fs.s3a.endpoint.region", "us-east-1");
    conf.set("fs.s3a.access.key", "testing");
    conf.set("fs.s3a.secret.key", "testing");
    conf.setBoolean("fs.s3a.path.style.access", true);
    conf.setBoolean("fs.s3a.impl.disable.cache", false);
    conf.setInt("fs.s3a.attempts.maximum", 2);
    conf.setInt("fs.s3a.retry.limit", 1);
    conf.set("fs.s3a.retry.interval", "50ms");
    conf.set("fs.s3a.multipart.size", "5M");
    conf.set("fs.s3a.block.size", "5M");
    conf.set("fs.s3a.buffer.dir", "target/s3a");
    return conf;
  }

  /** What happens to the next PUTs of commits, one after the other; also forgets what was counted. */
  void next(String... faults) {
    String quoted = faults.length == 0 ? "" : "\"" + String.join("\", \"", faults) + "\"";
    send(HttpRequest.newBuilder(control()).POST(HttpRequest.BodyPublishers.ofString("{\"next\": [" + quoted + "]}")));
  }

  /** How many requests of a kind there were since {@link #next}, such as "PUT commit". */
  int count(String kind) {
    Matcher found = Pattern.compile("\"" + kind + "\": (\\d+)").matcher(counts());
    return found.find() ? Integer.parseInt(found.group(1)) : 0;
  }

  /** All counts, as JSON. */
  String counts() {
    return send(HttpRequest.newBuilder(control()).GET());
  }

  private URI control() {
    return URI.create(address + "/__faults");
  }

  private String send(HttpRequest.Builder request) {
    try {
      return http.send(request.build(), HttpResponse.BodyHandlers.ofString()).body();
    } catch (IOException | InterruptedException error) {
      throw new IllegalStateException(error);
    }
  }
}
