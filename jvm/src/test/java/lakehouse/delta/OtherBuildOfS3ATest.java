package lakehouse.delta;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A vendor's build of S3A may lack internals and conditional PUTs; a disk lacks both. */
class OtherBuildOfS3ATest {
  @TempDir java.nio.file.Path disk;

  private final Configuration conf = new Configuration();
  private FileSystem fs;
  private Path log;

  @BeforeEach
  void start() throws IOException {
    fs = FileSystem.getLocal(conf);
    log = new Path(disk.resolve("_delta_log").toUri());
  }

  private void put(String name, String action) throws IOException {
    new ConditionalPutLogStore(conf).write(new Path(log, name), List.of(action).iterator(), false, conf);
  }

  private List<String> names(ConditionalPutLogStore.Listing internals) throws IOException {
    Path from = new Path(log, "0.json");
    return Arrays.stream(ConditionalPutLogStore.list(internals, fs, from, log))
        .map(file -> file.getPath().getName()).sorted().toList();
  }

  @Test
  void internalsThatAreGoneAreReplacedByAPlainListing() throws IOException {
    assertThrows(FileNotFoundException.class, () -> names((fs, file, folder) -> { throw new NoSuchMethodError(); }));
    conf.setBoolean(ConditionalPutLogStore.PLAIN_WRITES, true);
    put("0.json", "a");
    put("1.json", "b");
    assertEquals(List.of("0.json", "1.json"), names((fs, file, folder) -> { throw new NoSuchMethodError(); }));
    assertEquals(List.of("0.json", "1.json"), names((fs, file, folder) -> { throw new ClassCastException(); }));
  }

  @Test
  void anErrorOfS3IsNoReasonToListAgain() {
    assertThrows(IOException.class, () -> names((fs, file, folder) -> { throw new IOException("slow down"); }));
  }

  @Test
  void withoutConditionalPutsOnlyTheOnlyWriterCommits() throws IOException {
    assertThrows(IllegalArgumentException.class, () -> put("0.json", "a"));
    conf.setBoolean(ConditionalPutLogStore.PLAIN_WRITES, true);
    put("0.json", "a");
    assertThrows(FileAlreadyExistsException.class, () -> put("0.json", "b"));
  }
}
