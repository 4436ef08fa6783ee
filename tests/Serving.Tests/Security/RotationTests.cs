using System.Security.Cryptography.X509Certificates;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace LoraOnnx.Serving.Tests.Security;

/// <summary>Keys, certificates and models that change on disk, with a clock of the test's own.</summary>
public sealed class RotationTests : IDisposable
{
    private const string Old = "old-key-0123456789";
    private const string New = "new-key-0123456789";

    private readonly MountedFiles _files = new();
    private readonly ManualTime _time = new();
    private readonly List<string> _wrong = [];

    public void Dispose() => _files.Dispose();

    [Fact]
    public void A_key_that_a_mounted_Secret_no_longer_holds_is_revoked()
    {
        var keys = Keys(_files.Mount(("keys", $"user alice {Old}\n")));
        Assert.Equal("alice", keys.Content.Find(Old)!.Name);

        _files.Mount(("keys", $"user alice {New}\n")); // of the same size and time
        Assert.NotNull(keys.Content.Find(Old)); // within the second in which the disk is not asked

        _time.GoOn(ReloadedFiles<ApiKeys>.Interval);
        Assert.Null(keys.Content.Find(Old));
        Assert.NotNull(keys.Content.Find(New));
    }

    [Fact]
    public void An_emptied_or_missing_file_lets_nobody_in_until_there_is_a_key_again()
    {
        var path = _files.Mount(("keys", $"user alice {Old}\n"));
        var keys = Keys(path);

        int[] counts = [.. new Action[]
        {
            () => _files.Mount(("keys", "")),
            () => _files.Mount(("keys", $"admin root {New}\n")),
            () => _files.Mount(("other", "")),
            () => _files.Mount(("keys", $"user alice {Old}\n")),
        }.Select(change =>
        {
            change();
            _time.GoOn(ReloadedFiles<ApiKeys>.Interval);
            return keys.Content.Count;
        })];

        Assert.Equal([0, 1, 0, 1], counts);
        Assert.Equal([$"{path}: holds no key.", $"{path}: no such file."],
            _wrong.Select(wrong => wrong[..Math.Min(wrong.Length, path.Length + 16)].TrimEnd()));
    }

    [Fact]
    public void A_wrong_line_is_no_key_and_is_told_without_it_and_the_other_lines_hold()
    {
        var path = _files.Mount(
            ("keys", $"\uFEFF# who may\nuser alice {Old}\n\nuser bob short\nroot carol {New}\nadmin {New}\nadmin root {New} # twice\nadmin dave "
                + $"{New}\n"));

        var keys = Keys(path).Content;

        Assert.Equal((new ApiKey("alice", false), new ApiKey("dave", true)), (keys.Find(Old), keys.Find(New)));
        Assert.Equal(2, keys.Count);
        Assert.Equal(
            [4, 5, 6, 7],
            _wrong.Select(wrong => int.Parse(wrong[(path.Length + 1)..].Split(':')[0], System.Globalization.CultureInfo.InvariantCulture)));
        Assert.All(_wrong, wrong => Assert.DoesNotContain(New, wrong, StringComparison.Ordinal));
    }

    [Fact]
    public void A_certificate_follows_its_mounted_Secret_and_a_bad_one_leaves_the_old_one_in_use()
    {
        using var authority = new TestCertificates();
        var path = _files.Mount(("server.pem", authority.Sign("first", forClient: false)));
        var certificate = new ReloadedFiles<ServerCertificate>(
            [path], read => ServerCertificate.Read(read[0], read[0], null), _time, NullLogger.Instance);

        string[] names = [.. new[] { "broken", "", authority.Sign("second", forClient: false), authority.AuthorityPem }.Select(pem =>
        {
            _files.Mount(("server.pem", pem));
            _time.GoOn(ReloadedFiles<ServerCertificate>.Interval);
            return certificate.Content.Own.TargetCertificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        })];

        Assert.Equal(["first", "first", "second", "second"], names); // the last has no key
    }

    [Fact]
    public void A_model_in_a_mounted_ConfigMap_or_behind_a_link_to_its_folder_is_seen_to_change()
    {
        var model = _files.Mount(("model.onnx", "one"), ("vocab.txt", "words"));
        var folder = Path.Combine(_files.Folder, "current");
        Directory.CreateSymbolicLink(folder, "..1");
        string[] before =
            [FilesStamp.Of(model), FilesStamp.Of(_files.Folder), FilesStamp.Of(folder), FilesStamp.Of(Path.Combine(folder, "model.onnx"))];

        _files.Mount(("model.onnx", "two"), ("vocab.txt", "words"));
        Directory.Delete(folder);
        Directory.CreateSymbolicLink(folder, "..2");
        string[] after =
            [FilesStamp.Of(model), FilesStamp.Of(_files.Folder), FilesStamp.Of(folder), FilesStamp.Of(Path.Combine(folder, "model.onnx"))];

        Assert.All(before.Zip(after), stamps => Assert.NotEqual(stamps.First, stamps.Second));
        Assert.All(after, stamp => Assert.Contains("vocab.txt", stamp, StringComparison.Ordinal));
        Assert.Equal(after[0], FilesStamp.Of(model));
    }

    [Fact]
    public void Weights_in_a_folder_below_the_ONNX_file_are_seen_to_change()
    {
        var model = Path.Combine(_files.Folder, "model.onnx");
        var weights = Path.Combine(Directory.CreateDirectory(Path.Combine(_files.Folder, "weights")).FullName, "layer.bin");
        File.WriteAllText(model, "graph");
        File.WriteAllText(weights, "one");
        var before = FilesStamp.Of(_files.Folder);

        File.WriteAllText(weights, "other");

        Assert.NotEqual(before, FilesStamp.Of(_files.Folder));
    }

    private ReloadedFiles<ApiKeys> Keys(string path) =>
        new([path], files => ApiKeys.Read(files[0], wrong => _wrong.Add(wrong.Message)), _time, NullLogger.Instance);
}
