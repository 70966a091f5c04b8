import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.Key;
import java.security.KeyStore;
import java.security.Provider;
import java.util.Collections;

/** Copies what is in one key store to another: file, type, file, type, password, class of the provider that has both types. */
public class CopyStore {
  public static void main(String[] arguments) throws Exception {
    Provider provider = (Provider) Class.forName(arguments[5]).getConstructor().newInstance();
    char[] password = arguments[4].toCharArray();
    KeyStore from = KeyStore.getInstance(arguments[1], provider);
    try (InputStream in = new FileInputStream(arguments[0])) {
      from.load(in, password);
    }
    KeyStore to = KeyStore.getInstance(arguments[3], provider);
    to.load(null, null);
    for (String alias : Collections.list(from.aliases())) {
      Key key = from.getKey(alias, password);
      if (key == null) to.setCertificateEntry(alias, from.getCertificate(alias));
      else to.setKeyEntry(alias, key, password, from.getCertificateChain(alias));
    }
    try (OutputStream out = new FileOutputStream(arguments[2])) {
      to.store(out, password);
    }
  }
}
