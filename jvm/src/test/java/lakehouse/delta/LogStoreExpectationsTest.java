package lakehouse.delta;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.delta.storage.CloseableIterator;
import io.delta.storage.HDFSLogStore;
import io.delta.storage.LocalLogStore;
import io.delta.storage.LogStore;
import io.delta.storage.S3SingleDriverLogStore;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What Delta expects of a log store, asked of Delta's own stores and of ours: all give the same answers. */
class LogStoreExpectationsTest {
  private static S3 s3;

  @BeforeAll
  static void start() throws IOException {
    s3 = S3.shared();
  }

  /** A store, and an empty log that it is asked about. */
  record Subject(LogStore store, Path log, Configuration conf) {
    Path file(String name) {
      return new Path(log, name);
    }

    /** Delta makes the folder of a log itself; on S3 there are none. */
    void write(String name, boolean overwrite, String... actions) throws IOException {
      if (!onS3()) {
        log.getFileSystem(conf).mkdirs(log);
      }
      store.write(file(name), Arrays.asList(actions).iterator(), overwrite, conf);
    }

    List<String> read(String name) throws IOException {
      List<String> lines = new ArrayList<>();
      try (CloseableIterator<String> found = store.read(file(name), conf)) {
        found.forEachRemaining(lines::add);
      }
      return lines;
    }

    List<String> listFrom(String name) throws IOException {
      List<String> names = new ArrayList<>();
      store.listFrom(file(name), conf).forEachRemaining(found -> names.add(found.getPath().getName()));
      return names;
    }

    boolean onS3() {
      return log.toUri().getScheme().equals("s3a");
    }

    @Override
    public String toString() {
      return store.getClass().getSimpleName();
    }
  }

  static Stream<Subject> subjects() {
    Configuration s3a = s3.configuration();
    Configuration disk = new Configuration();
    String folder = UUID.randomUUID() + "/a table/_delta_log";
    Path below = new Path(new java.io.File("target/" + folder).getAbsoluteFile().toURI());
    return Stream.of(
        new Subject(new ConditionalPutLogStore(s3a), new Path("s3a://lake/" + folder + "/1"), s3a),
        new Subject(new S3SingleDriverLogStore(s3a), new Path("s3a://lake/" + folder + "/2"), s3a),
        new Subject(new LocalLogStore(disk), new Path(below, "3"), disk),
        new Subject(new HDFSLogStore(disk), new Path(below, "4"), disk));
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void linesAreReadAsTheyWereWritten(Subject subject) throws IOException {
    subject.write("0.json", false, "zero", "{\"name\": \"Zoë, 日本, 🛒\"}", "none");
    assertEquals(List.of("zero", "{\"name\": \"Zoë, 日本, 🛒\"}", "none"), subject.read("0.json"));
    subject.write("1.json", false);
    assertEquals(List.of(), subject.read("1.json"));
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void aFileIsWrittenOnceUnlessToldOtherwise(Subject subject) throws IOException {
    subject.write("0.json", false, "zero");
    assertThrows(FileAlreadyExistsException.class, () -> subject.write("0.json", false, "one"));
    assertEquals(List.of("zero"), subject.read("0.json"));
    subject.write("0.json", true, "two");
    assertEquals(List.of("two"), subject.read("0.json"));
    subject.write("new.json", true, "three");
    assertEquals(List.of("three"), subject.read("new.json"));
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void filesAreListedFromANameOnInOrder(Subject subject) throws IOException {
    assertThrows(FileNotFoundException.class, () -> subject.listFrom("0.json"));
    for (String name : List.of("3.json", "1.json", "4.json", "2.checkpoint.parquet", "1.crc")) {
      subject.write(name, false, name);
    }
    assertEquals(List.of("1.crc", "1.json", "2.checkpoint.parquet", "3.json", "4.json"), visible(subject, "0.json"));
    assertEquals(List.of("1.json", "2.checkpoint.parquet", "3.json", "4.json"), visible(subject, "1.json"));
    assertEquals(List.of("3.json", "4.json"), visible(subject, "2.json"));
    assertEquals(List.of(), visible(subject, "5.json"));
  }

  /** Delta looks at names that it knows; stores on a disk leave hidden checksum files between them. */
  private static List<String> visible(Subject subject, String from) throws IOException {
    return subject.listFrom(from).stream().filter(name -> !name.startsWith(".")).toList();
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void aMissingFileIsMissing(Subject subject) throws IOException {
    subject.write("0.json", false, "zero");
    assertThrows(FileNotFoundException.class, () -> subject.read("1.json"));
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void anIteratorEndsAndCloses(Subject subject) throws IOException {
    subject.write("0.json", false, "zero", "one");
    CloseableIterator<String> lines = subject.store().read(subject.file("0.json"), subject.conf());
    assertEquals("zero", lines.next());
    lines.close();
    lines.close();
    assertThrows(IllegalStateException.class, lines::hasNext);
    try (CloseableIterator<String> all = subject.store().read(subject.file("0.json"), subject.conf())) {
      all.forEachRemaining(line -> { });
      assertThrows(NoSuchElementException.class, all::next);
    }
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void aPathKnowsItsStore(Subject subject) throws IOException {
    Path resolved = subject.store().resolvePathOnPhysicalStorage(subject.file("0.json"), subject.conf());
    assertEquals(subject.file("0.json").getName(), resolved.getName());
    assertEquals(subject.log().toUri().getScheme(), resolved.toUri().getScheme());
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void onlyWhatIsWholeIsVisibleOnS3(Subject subject) throws IOException {
    assertEquals(!subject.onS3(), subject.store().isPartialWriteVisible(subject.file("0.json"), subject.conf()));
  }
}
