package lakehouse.delta;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.delta.storage.CloseableIterator;
import io.delta.storage.LogStore;
import io.delta.storage.S3SingleDriverLogStore;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a commit when the road to S3 is bad, and what it costs when it is good. */
class ConditionalPutLogStoreTest {
  private static S3 s3;
  private static Configuration conf;
  private static LogStore store;
  private static int tables;

  private final Path log = new Path("s3a://lake/table" + tables++ + "/_delta_log");

  @BeforeAll
  static void start() throws IOException {
    s3 = S3.shared();
    conf = s3.configuration();
    store = new ConditionalPutLogStore(conf);
  }

  private Path commit(int version) {
    return new Path(log, String.format("%020d.json", version));
  }

  private static void put(Path path, String... actions) throws IOException {
    store.write(path, List.of(actions).iterator(), false, conf);
  }

  private static List<String> lines(Path path) throws IOException {
    List<String> found = new ArrayList<>();
    try (CloseableIterator<String> read = store.read(path, conf)) {
      read.forEachRemaining(found::add);
    }
    return found;
  }

  @Test
  void aCommitIsOnePutAndNothingElse() throws IOException {
    put(commit(0), "first"); // opens the file system, which may ask the store things of its own
    s3.next();
    put(commit(1), "a", "b");
    assertEquals("{\"counts\": {\"PUT commit\": 1}, \"faults\": {\"none\": 1}}", s3.counts());
    assertEquals(List.of("a", "b"), lines(commit(1)));
  }

  @Test
  void deltasOwnStoreLooksFourTimesFirst() throws IOException {
    LogStore own = new S3SingleDriverLogStore(conf);
    own.write(commit(0), List.of("first").iterator(), false, conf);
    s3.next();
    own.write(commit(1), List.of("a").iterator(), false, conf);
    assertEquals(1, s3.count("PUT commit"));
    assertEquals(4, s3.count("HEAD commit") + s3.count("LIST commit") + s3.count("LIST log"), s3.counts());
  }

  @Test
  void anOverwriteIsOnePutToo() throws IOException {
    Path checkpoint = new Path(log, "_last_checkpoint");
    store.write(checkpoint, List.of("1").iterator(), true, conf);
    s3.next();
    store.write(checkpoint, List.of("2").iterator(), true, conf);
    assertEquals("{\"counts\": {\"PUT log\": 1}, \"faults\": {}}", s3.counts());
    assertEquals(List.of("2"), lines(checkpoint));
  }

  /** The SDK puts again by itself when no answer comes, and S3 then refuses it because of the first. */
  @ParameterizedTest
  @ValueSource(strings = {"lost_answer", "straggler", "doubled", "error_after", "lost_request", "busy", "slow"})
  void aCommitThatLandedIsOurs(String fault) throws IOException {
    s3.next(fault);
    put(commit(0), "ours");
    assertEquals(List.of("ours"), lines(commit(0)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"lost_answer", "straggler", "doubled", "error_after", "lost_request", "busy", "slow", "conflict"})
  void aRivalsCommitIsAConflictAndStays(String fault) throws IOException {
    put(commit(0), "same words");
    s3.next(fault);
    assertThrows(FileAlreadyExistsException.class, () -> put(commit(0), "same words"));
    assertEquals(List.of("same words"), lines(commit(0)));
  }

  @Test
  void aCommitOfAWriterWithoutTokenIsARivals() throws IOException {
    try (var out = FileSystem.get(log.toUri(), conf).create(commit(0))) {
      out.write("theirs\n".getBytes());
    }
    assertThrows(FileAlreadyExistsException.class, () -> put(commit(0), "ours"));
    assertEquals(List.of("theirs"), lines(commit(0)));
  }

  @Test
  void contentionWithoutAWinnerLetsDeltaLookAgain() {
    s3.next("conflict");
    assertThrows(FileAlreadyExistsException.class, () -> put(commit(0), "ours"));
  }

  @Test
  void aCommitThatNeverArrivedIsAnErrorThatSaysSo() throws IOException {
    s3.next("lost_request", "lost_request", "lost_request", "lost_request", "lost_request", "lost_request");
    IOException error = assertThrows(IOException.class, () -> put(commit(0), "ours"));
    assertFalse(error instanceof FileAlreadyExistsException, error.toString());
    assertTrue(error.getMessage().contains("was not there when looked for afterwards"), error.getMessage());
    s3.next();
    put(commit(0), "again");
    assertEquals(List.of("again"), lines(commit(0)));
  }

  @Test
  void aCommitWhoseAnswersAreAllLostIsOurs() throws IOException {
    s3.next("lost_answer", "lost_answer", "lost_answer", "lost_answer", "lost_answer", "lost_answer", "lost_answer");
    put(commit(0), "ours");
    assertEquals(List.of("ours"), lines(commit(0)));
  }

  @Test
  void aStragglerIsFoundByLookingAgain() throws IOException {
    // The last repeat arrives after its connection has broken, and so after the first look.
    s3.next("lost_request", "lost_request", "lost_request", "lost_request", "lost_request", "straggler");
    put(commit(0), "ours");
    assertEquals(List.of("ours"), lines(commit(0)));
  }

  @Test
  void aCommitThatIsNotThereIsLookedForFiveTimes() {
    s3.next("lost_request", "lost_request", "lost_request", "lost_request", "lost_request", "lost_request");
    assertThrows(IOException.class, () -> put(commit(0), "ours"));
    assertTrue(s3.count("HEAD commit") >= 5, s3.counts());
  }

  @Test
  void anInterruptedThreadStaysInterruptedAndLearnsWhatBecameOfItsCommit() throws Exception {
    s3.next("lost_request", "lost_request", "lost_request", "lost_request", "lost_request", "lost_request");
    Thread.currentThread().interrupt();
    IOException error = assertThrows(IOException.class, () -> put(commit(0), "ours"));
    assertTrue(Thread.interrupted(), "whoever interrupted it waits for its end");
    assertFalse(error instanceof FileAlreadyExistsException, error.toString());
    assertTrue(error.getMessage().contains("was not there when looked for afterwards"), error.getMessage());
    s3.next();
    put(commit(0), "next");
    assertEquals(List.of("next"), lines(commit(0)));
  }

  @Test
  void actionsThatBreakOffLeaveNothing() throws IOException {
    put(commit(0), "first");
    Iterator<String> broken = new Iterator<>() {
      private int given;

      @Override
      public boolean hasNext() {
        return true;
      }

      @Override
      public String next() {
        if (given++ < 600) {
          return "x".repeat(10_000); // more than one part of a multipart upload
        }
        throw new IllegalArgumentException("the plan broke");
      }
    };
    assertThrows(IllegalArgumentException.class, () -> store.write(commit(1), broken, false, conf));
    assertFalse(FileSystem.get(log.toUri(), conf).exists(commit(1)));
    put(commit(1), "second");
  }

  /** A commit that outgrows one PUT is refused at the end of its upload all the same. */
  @Test
  void aLargeCommitIsConditionalAsWell() throws IOException {
    List<String> large = Collections.nCopies(600, "y".repeat(10_000));
    s3.next();
    store.write(commit(0), large.iterator(), false, conf);
    assertTrue(s3.count("POST commit") >= 2, s3.counts());
    assertEquals(large, lines(commit(0)));
    assertThrows(FileAlreadyExistsException.class, () -> store.write(commit(0), large.iterator(), false, conf));
    put(commit(1), "small");
    assertThrows(FileAlreadyExistsException.class, () -> store.write(commit(1), large.iterator(), false, conf));
    assertEquals(List.of("small"), lines(commit(1)));
  }

  @Test
  void ofManyAtOnceExactlyOneWins() throws Exception {
    ExecutorService writers = Executors.newFixedThreadPool(8);
    for (int version = 0; version < 10; version++) {
      Path path = commit(version);
      s3.next(version % 2 == 0 ? new String[] {"lost_answer", "doubled", "slow", "straggler"} : new String[0]);
      List<Callable<Boolean>> tries = IntStream.range(0, 8).<Callable<Boolean>>mapToObj(number -> () -> {
        try {
          put(path, "writer " + number);
          return true;
        } catch (FileAlreadyExistsException rival) {
          return false;
        }
      }).toList();
      List<Integer> winners = new ArrayList<>();
      List<Future<Boolean>> results = writers.invokeAll(tries);
      for (int number = 0; number < 8; number++) {
        if (results.get(number).get()) {
          winners.add(number);
        }
      }
      assertEquals(1, winners.size(), "version " + version + ": " + winners);
      assertEquals(List.of("writer " + winners.get(0)), lines(path));
    }
    writers.shutdown();
  }

  @Test
  void listingBeginsAtTheNameAndStaysInTheFolder() throws IOException {
    for (int version = 0; version < 5; version++) {
      put(commit(version), "v" + version);
    }
    put(new Path(log, "_sidecars/" + commit(9).getName()), "below");
    put(new Path(log.getParent(), "_delta_log2/" + commit(9).getName()), "beside");
    s3.next();
    List<String> found = new ArrayList<>();
    store.listFrom(commit(3), conf).forEachRemaining(file -> found.add(file.getPath().getName()));
    assertEquals(List.of(commit(3).getName(), commit(4).getName()), found.subList(0, 2));
    assertEquals(List.of(), found.stream().filter(name -> name.equals(commit(9).getName())).toList());
    assertEquals("{\"counts\": {\"LIST log\": 1}, \"faults\": {}}", s3.counts());
  }
}
