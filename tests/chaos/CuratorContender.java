// Curator's InterProcessMutex, as lock_contest.py wants it (lock_contender.cc tells what the lines mean):
//   java CuratorContender.java SERVERS SESSION_MS PATH
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.ExponentialBackoffRetry;

public class CuratorContender {
  public static void main(String[] arguments) throws Exception {
    CuratorFramework client = CuratorFrameworkFactory.builder()
        .connectString(arguments[0])
        .sessionTimeoutMs(Integer.parseInt(arguments[1]))
        .connectionTimeoutMs(5000)
        .retryPolicy(new ExponentialBackoffRetry(50, 20, 1000))
        .build();
    client.getConnectionStateListenable().addListener((c, state) -> {
      if (state == ConnectionState.LOST) Runtime.getRuntime().halt(3);
    });
    client.start();
    InterProcessMutex mutex = new InterProcessMutex(client, arguments[2]);
    for (int turn = 0;; ++turn) {
      mutex.acquire();
      long since = System.nanoTime();
      String first = mutex.getParticipantNodes().iterator().next();
      System.out.println("+ " + since + " " + first.substring(first.length() - 10));
      Thread.sleep(turn % 8);
      System.out.println("- " + System.nanoTime());
      mutex.release();
    }
  }
}
