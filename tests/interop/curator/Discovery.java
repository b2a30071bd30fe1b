import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.ExponentialBackoffRetry;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.ServiceInstance;

/** Curator's service discovery: java Discovery SERVERS BASE. Each line on standard input is an order, and answered by a line. */
public class Discovery {
    public static void main(String[] arguments) throws Exception {
        CuratorFramework client = CuratorFrameworkFactory.newClient(arguments[0], new ExponentialBackoffRetry(100, 10));
        client.start();
        ServiceDiscovery<Map> discovery = ServiceDiscoveryBuilder.builder(Map.class).client(client).basePath(arguments[1]).build();
        discovery.start();
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in));
        for (String line = orders.readLine(); line != null; line = orders.readLine()) {
            String[] words = line.split(" ");
            if (words[0].equals("register")) {  // NAME ID ADDRESS PORT ZONE
                discovery.registerService(ServiceInstance.<Map>builder().name(words[1]).id(words[2]).address(words[3])
                    .port(Integer.parseInt(words[4])).payload(new TreeMap<>(Map.of("zone", words[5], "weight", "3"))).build());
                System.out.println("registered");
            } else {  // list NAME
                System.out.println(discovery.queryForInstances(words[1]).stream()
                    .sorted(Comparator.comparing(ServiceInstance::getId))
                    .map(i -> i.getId() + " " + i.getAddress() + " " + i.getPort() + " " + i.isEnabled() + " "
                        + (i.getPayload() == null ? "" : new TreeMap<String, Object>(i.getPayload())))
                    .collect(Collectors.joining("; ")));
            }
        }
    }
}
