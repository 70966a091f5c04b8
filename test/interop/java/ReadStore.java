import java.io.FileInputStream;
import java.io.InputStream;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Signature;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Opens a key store and prints a line for each entry: its name, its kind, and whether key and certificate fit. A third argument
 * names the class of a provider that is to do so instead of Java's own.
 */
public class ReadStore {
  public static void main(String[] arguments) throws Exception {
    char[] password = arguments.length > 1 ? arguments[1].toCharArray() : null;
    String provider = arguments.length > 2 ? arguments[2] : null;
    KeyStore store =
        provider == null
            ? KeyStore.getInstance("PKCS12")
            : KeyStore.getInstance("PKCS12", (Provider) Class.forName(provider).getConstructor().newInstance());
    try (InputStream in = new FileInputStream(arguments[0])) {
      store.load(in, password);
    }
    List<String> aliases = new ArrayList<>(Collections.list(store.aliases()));
    Collections.sort(aliases);
    for (String alias : aliases) {
      if (store.isCertificateEntry(alias)) System.out.println(alias + " trusted");
      else {
        PrivateKey key = (PrivateKey) store.getKey(alias, password);
        Certificate[] chain = store.getCertificateChain(alias);
        System.out.println(alias + " key chain=" + chain.length + " fits=" + fits(key, chain[0]));
      }
    }
  }

  private static boolean fits(PrivateKey key, Certificate certificate) throws Exception {
    String algorithm = key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "Ed25519";
    byte[] message = {1, 2, 3};
    Signature signer = Signature.getInstance(algorithm);
    signer.initSign(key);
    signer.update(message);
    byte[] signature = signer.sign();
    Signature verifier = Signature.getInstance(algorithm);
    verifier.initVerify(certificate);
    verifier.update(message);
    return verifier.verify(signature);
  }
}
