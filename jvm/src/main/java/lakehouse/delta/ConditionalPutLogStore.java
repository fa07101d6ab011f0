package lakehouse.delta;

import io.delta.storage.HadoopFileSystemLogStore;
import io.delta.storage.internal.S3LogStoreUtil;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Delta's log on S3, safe for any number of drivers: a commit is one PUT that S3 refuses when the key is there
 * ({@code If-None-Match: *}).
 *
 * <p>Each commit carries a token of its own as metadata of the object. S3A and the SDK repeat a PUT whose answer was
 * lost, and the repeated one is refused because of the first; so after any failure the object is asked whose token it
 * has, and only that decides: ours is a commit, another's a conflict, none is an error. Without a failure nothing is
 * asked, and the commit costs the PUT alone.
 */
public final class ConditionalPutLogStore extends HadoopFileSystemLogStore {

  /** Metadata of a commit's object (on S3 {@code x-amz-meta-lakehouse-commit}): which attempt wrote it. */
  static final String TOKEN = "lakehouse-commit";

  /** Setting of Hadoop: true where nothing else writes to the lake, and S3A need not know conditional PUTs. */
  static final String PLAIN_WRITES = "lakehouse.log.store.plain.writes";

  private static final int LOOKS = 5;
  private static final long FIRST_WAIT_MILLIS = 50;

  public ConditionalPutLogStore(Configuration initHadoopConf) {
    super(initHadoopConf);
  }

  @Override
  public void write(Path path, Iterator<String> actions, Boolean overwrite, Configuration hadoopConf)
      throws IOException {
    FileSystem fs = path.getFileSystem(hadoopConf);
    Path target = fs.makeQualified(path);
    if (hadoopConf.getBoolean(PLAIN_WRITES, false)) {
      writePlainly(fs, target, actions, overwrite);
      return;
    }
    // "Performance" spares the requests by which S3A looks for a file or folder of that name first.
    FSDataOutputStreamBuilder<?, ?> file = fs.createFile(target).recursive().overwrite(overwrite);
    file.must("fs.s3a.create.performance", true);
    if (overwrite) {
      send(file, actions);
      return;
    }
    String token = UUID.randomUUID().toString();
    file.must("fs.option.create.conditional.overwrite", true);
    file.must("fs.s3a.create.header." + TOKEN, token);
    try {
      send(file, actions);
    } catch (IOException failure) {
      settle(fs, target, token, failure);
    }
  }

  /** Write with what every file system has: two writers at once could overwrite one another. */
  private static void writePlainly(FileSystem fs, Path target, Iterator<String> actions, boolean overwrite)
      throws IOException {
    if (!overwrite && fs.exists(target)) {
      throw new FileAlreadyExistsException(target.toString());
    }
    send(fs.createFile(target).recursive().overwrite(true), actions);
  }

  /** Stream the actions into one object; when they break off, nothing of them becomes visible. */
  private static void send(FSDataOutputStreamBuilder<?, ?> file, Iterator<String> actions) throws IOException {
    FSDataOutputStream out = file.build();
    try {
      while (actions.hasNext()) {
        out.write(actions.next().getBytes(StandardCharsets.UTF_8));
        out.write('\n');
      }
    } catch (IOException | RuntimeException | Error broken) {
      out.abort();
      throw broken;
    }
    out.close();
  }

  /**
   * Find out what became of a commit whose PUT failed: returns when it is in the log, throws
   * FileAlreadyExistsException when a rival has its place, and the failure itself when it is not there.
   */
  private static void settle(FileSystem fs, Path target, String token, IOException failure) throws IOException {
    boolean interrupted = Thread.interrupted(); // an interrupted thread could not look either
    try {
      long wait = FIRST_WAIT_MILLIS;
      for (int look = 1; look <= LOOKS; look++, wait *= 2) {
        Presence found = presence(fs, target, token);
        if (found == Presence.OURS) {
          return;
        }
        if (found == Presence.ANOTHERS) {
          throw conflict(target, failure);
        }
        Thread.sleep(wait); // a PUT may still be on its way: the rival's after a 409, our own after a time-out
      }
    } catch (InterruptedException stopped) {
      interrupted = true;
      failure.addSuppressed(stopped);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    throw wasRefused(failure) ? conflict(target, failure) : notThere(target, failure);
  }

  private enum Presence { OURS, ANOTHERS, NOBODYS }

  private static Presence presence(FileSystem fs, Path target, String token) throws IOException {
    try {
      byte[] found = fs.getXAttr(target, "header." + TOKEN);
      boolean ours = found != null && token.equals(new String(found, StandardCharsets.UTF_8));
      return ours ? Presence.OURS : Presence.ANOTHERS;
    } catch (FileNotFoundException nothing) {
      return Presence.NOBODYS;
    }
  }

  /** Whether S3 said no: 412, the key is there; 409, another PUT of the key is under way. */
  private static boolean wasRefused(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      try {
        // By name, for the SDK's classes are not ours to depend on.
        Object status = cause.getClass().getMethod("statusCode").invoke(cause);
        if (status.equals(412) || status.equals(409)) {
          return true;
        }
      } catch (ReflectiveOperationException other) {
        continue;
      }
    }
    return false;
  }

  private static FileAlreadyExistsException conflict(Path target, IOException refusal) {
    FileAlreadyExistsException conflict = new FileAlreadyExistsException(target.toString());
    conflict.initCause(refusal);
    return conflict;
  }

  private static IOException notThere(Path target, IOException failure) {
    String message = "Commit " + target + " failed and was not there when looked for afterwards; what the writer "
        + "wanted may be done again: " + failure.getMessage();
    IOException told = failure instanceof InterruptedIOException
        ? new InterruptedIOException(message) : new IOException(message);
    told.initCause(failure);
    return told;
  }

  /** The files of the log from a name on, by one LIST that begins there. */
  @Override
  public Iterator<FileStatus> listFrom(Path path, Configuration hadoopConf) throws IOException {
    FileSystem fs = path.getFileSystem(hadoopConf);
    Path from = fs.makeQualified(path);
    Path folder = from.getParent();
    List<FileStatus> found = Arrays.stream(list(S3LogStoreUtil::s3ListFromArray, fs, from, folder))
        // The LIST goes into folders below as well, and begins a little before the name.
        .filter(file -> file.getPath().getParent().equals(folder))
        .filter(file -> file.getPath().getName().compareTo(from.getName()) >= 0)
        .sorted(Comparator.comparing(file -> file.getPath().getName()))
        .toList();
    if (found.isEmpty() && !fs.exists(folder)) {
      throw new FileNotFoundException("No such file or directory: " + folder);
    }
    return found.iterator();
  }

  /** A listing of a folder that may begin at a file of it. */
  interface Listing {
    FileStatus[] from(FileSystem fs, Path file, Path folder) throws IOException;
  }

  /** List by S3A's internals; by what every file system promises where this build of S3A has others. */
  static FileStatus[] list(Listing internals, FileSystem fs, Path from, Path folder) throws IOException {
    try {
      return internals.from(fs, from, folder);
    } catch (LinkageError | ClassCastException | UnsupportedOperationException changed) {
      return fs.listStatus(folder);
    }
  }

  /** An object appears as a whole or not at all. */
  @Override
  public Boolean isPartialWriteVisible(Path path, Configuration hadoopConf) {
    return false;
  }
}
