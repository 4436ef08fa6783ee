namespace LoraOnnx.Deploy.Tests.Image;

/// <summary>What deploy/Dockerfile puts into its images, published once for the tests of this class.</summary>
public sealed class PublishedImage
{
    public PublishedImage()
    {
        BuildContext.Update();
        BuildContext.Publish(File, "build-serve");
        BuildContext.Publish(File, "build-score");
    }

    /// <summary>/app of the default image.</summary>
    public string Serve { get; } = BuildContext.Published("build-serve");

    /// <summary>/app of the image <c>score</c>.</summary>
    public string Score { get; } = BuildContext.Published("build-score");

    internal Dockerfile File { get; } = Dockerfile.Read();

    internal static long BytesOf(string folder) =>
        Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
}
