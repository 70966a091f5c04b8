import java.io.FileInputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * Serves TLS on loopback with the key store of a path, which it loads anew for every connection, as programs do that follow a
 * rotation. Prints its port, then a line for whatever goes wrong.
 */
public class ServeStore {
  public static void main(String[] arguments) throws Exception {
    char[] password = arguments[1].toCharArray();
    try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      System.out.println("port " + server.getLocalPort());
      while (true) {
        Socket plain = server.accept();
        try (SSLSocket socket = secured(plain, arguments[0], password)) {
          socket.startHandshake();
          socket.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
        } catch (Exception error) {
          System.out.println("failed " + error);
        }
      }
    }
  }

  private static SSLSocket secured(Socket plain, String path, char[] password) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = new FileInputStream(path)) {
      store.load(in, password);
    }
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, null, true);
    socket.setUseClientMode(false);
    return socket;
  }
}
