using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace LoraOnnx.Serving.Security;

/// <summary>The certificate that the server shows, and whose certificates it asks of clients.</summary>
internal sealed record ServerCertificate(SslStreamCertificateContext Own, X509Certificate2Collection? ClientAuthorities)
{
    /// <summary>Reads PEM files: the chain, its key, and where clients are to show a certificate, who may have signed theirs.</summary>
    /// <exception cref="InputException">A file is missing, is not PEM, or the key is not the certificate's.</exception>
    public static ServerCertificate Read(FileText certificate, FileText key, FileText? clientAuthority)
    {
        var chain = ReadCertificates(certificate);
        try
        {
            using var leaf = X509Certificate2.CreateFromPem(certificate.Required, key.Required);
            // Through PKCS#12, because some platforms cannot use a key that lives in memory only.
            var usable = X509CertificateLoader.LoadPkcs12(leaf.Export(X509ContentType.Pkcs12), null);
            return new ServerCertificate(
                SslStreamCertificateContext.Create(usable, chain, offline: true),
                clientAuthority is null ? null : ReadCertificates(clientAuthority));
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            throw InputException.InFile(key.Path, $"is not the PEM key of {certificate.Path}: {failure.Message}", inner: failure);
        }
    }

    /// <summary>How a connection is to be secured.</summary>
    public SslServerAuthenticationOptions ToOptions() => new()
    {
        ServerCertificateContext = Own,
        ClientCertificateRequired = ClientAuthorities is not null,
        RemoteCertificateValidationCallback = ClientAuthorities is null ? null : (_, certificate, _, _) => IsTrusted(certificate),
    };

    private bool IsTrusted(X509Certificate? certificate)
    {
        if (certificate is null)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        // a private authority has no revocation list to ask; rotate the authority instead
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.AddRange(ClientAuthorities!); // set where clients are asked
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.2")); // client authentication
        using var copy = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return chain.Build(copy);
    }

    private static X509Certificate2Collection ReadCertificates(FileText file)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(file.Required);
        }
        catch (CryptographicException failure)
        {
            throw InputException.InFile(file.Path, $"is not a PEM certificate: {failure.Message}", inner: failure);
        }

        return certificates.Count > 0 ? certificates : throw InputException.InFile(file.Path, "holds no PEM certificate.");
    }
}
