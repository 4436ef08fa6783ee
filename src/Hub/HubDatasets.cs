using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace LoraOnnx.Hub;

/// <summary>Turns <c>hf:NAME:SPLIT</c> or <c>hf:NAME:CONFIGURATION:SPLIT</c> into files of the cache. A name may be followed by
/// <c>@REVISION</c>.</summary>
public static partial class HubDatasets
{
    /// <summary>What the data of a command line begins with when it comes from the hub.</summary>
    public const string Prefix = "hf:";

    /// <summary>The branch on which the hub keeps every dataset as Parquet.</summary>
    private const string ParquetRevision = "refs/convert/parquet";

    /// <summary>A list of 100,000 files has 10 MB.</summary>
    private const int LargestList = 16 << 20;

    private static readonly string[] _extensions = [".parquet", ".jsonl", ".jsonl.gz", ".csv", ".csv.gz", ".tsv", ".tsv.gz"];

    /// <summary>The files of a split, in order.</summary>
    /// <exception cref="InputException">There is no such dataset or split, or it cannot be fetched.</exception>
    public static IReadOnlyList<string> Locate(
        string source, HubSettings settings, IProgress<HubProgress>? progress, CancellationToken cancellationToken)
    {
        var parts = source[Prefix.Length..].Split(':');
        if (parts.Length is not (2 or 3) || parts.Any(part => part.Length == 0)
            || HubRepository.Parse(parts[0], isDataset: true) is not { } repository)
        {
            throw new InputException(
                $"'{source}' does not name a split of a dataset, expected {Prefix}NAME:SPLIT or {Prefix}NAME:CONFIGURATION:SPLIT.",
                $"for example {Prefix}stanfordnlp/imdb:train.");
        }

        var split = new Split(repository, parts.Length == 3 ? parts[1] : null, parts[^1]);
        if (settings.IsOffline)
        {
            return Cached(split, settings)
                ?? throw new InputException($"{source}: the cache {settings.CacheDirectory} has no such split, and HF_HUB_OFFLINE is set.",
                    "fetch it once with HF_HUB_OFFLINE unset.");
        }

        try
        {
            using var client = new HubClient(settings);
            return Fetch(client, split, settings, progress, cancellationToken);
        }
        catch (HubUnreachableException failure)
        {
            var cached = Cached(split, settings);
            if (cached is not null)
            {
                progress?.Report(new($"{failure.Message} The copy in the cache is used.", null));
            }

            return cached ?? throw failure.ToInputException(source);
        }
    }

    private static List<string> Fetch(
        HubClient client, Split split, HubSettings settings, IProgress<HubProgress>? progress, CancellationToken cancellationToken)
    {
        var names = List(client, split.Repository, settings, cancellationToken);
        var found = split.Choose(names);
        if (found.Count == 0 && split.Repository.Revision == HubRepository.DefaultRevision)
        {
            split = split with { Repository = split.Repository with { Revision = ParquetRevision } };
            found = TryList(client, split.Repository, settings, cancellationToken) is { } converted ? split.Choose(converted) : [];
        }

        if (found.Count == 0)
        {
            throw new InputException($"{split}: the dataset has no such split that can be read.",
                $"its files: {string.Join(", ", names.Take(12))}{(names.Count > 12 ? ", ..." : "")}");
        }

        var cache = new HubCache(settings, split.Repository);
        var download = new HubDownload(client, cache, split.Repository, progress);
        return found.ConvertAll(name =>
        {
            var file = client.Describe(split.Repository, name, cancellationToken)
                ?? throw new InputException($"{split}: {name} is listed and not there.", "run it again.");
            cache.Remember(file.Commit);
            download.Fetch(name, file, cancellationToken);
            return Path.Combine(cache.SnapshotPath(file.Commit), name);
        });
    }

    private static List<string>? Cached(Split split, HubSettings settings)
    {
        foreach (var repository in new[] { split.Repository, split.Repository with { Revision = ParquetRevision } })
        {
            var cache = new HubCache(settings, repository);
            if (cache.KnownCommit() is { } commit && split.Choose(cache.Names(commit)) is { Count: > 0 } names && IsComplete(names))
            {
                return names.ConvertAll(name => Path.Combine(cache.SnapshotPath(commit), name));
            }
        }

        return null;
    }

    /// <summary>True unless names such as train-00000-of-00002.parquet show that some are missing.</summary>
    private static bool IsComplete(List<string> names) => Shard().Match(names[0]) is not { Success: true } shard
        || int.Parse(shard.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture) == names.Count;

    private static IReadOnlyList<string> List(HubClient client, HubRepository repository, HubSettings settings, CancellationToken cancellationToken)
    {
        using var response = client.Get(repository.ListPath, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return Names(response, repository, cancellationToken);
        }

        var refusal = HubErrors.Of(response, repository, settings);
        if (response.StatusCode != HttpStatusCode.NotFound || HubClient.Header(response, "X-Error-Code") is not null
            || repository.Revision != HubRepository.DefaultRevision)
        {
            throw refusal;
        }

        using var shortResponse = client.Get(repository.ShortListPath, cancellationToken);
        return shortResponse.IsSuccessStatusCode ? Names(shortResponse, repository, cancellationToken) : throw refusal;
    }

    private static IReadOnlyList<string>? TryList(
        HubClient client, HubRepository repository, HubSettings settings, CancellationToken cancellationToken)
    {
        using var response = client.Get(repository.ListPath, cancellationToken);
        return response.StatusCode == HttpStatusCode.NotFound ? null
            : response.IsSuccessStatusCode ? Names(response, repository, cancellationToken)
            : throw HubErrors.Of(response, repository, settings);
    }

    /// <summary>File names of <c>{"siblings": [{"rfilename": "data/train-00000-of-00001.parquet"}]}</c>.</summary>
    private static IReadOnlyList<string> Names(HttpResponseMessage response, HubRepository repository, CancellationToken cancellationToken)
    {
        try
        {
            using var content = response.Content.ReadAsStream(cancellationToken);
            using var json = BoundedJson.Parse(BoundedBytes.ReadAll(content, LargestList, cancellationToken)
                ?? throw new InputException($"{repository.Id}: the list of files is larger than {LargestList >> 20} MiB.", "check HF_ENDPOINT."));
            return [.. json.RootElement.GetProperty("siblings").EnumerateArray().Select(file => file.GetProperty("rfilename").GetString())
                .OfType<string>().Where(HubCache.IsInside)];
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException or IOException
            or HttpRequestException)
        {
            throw new InputException($"{repository.Id}: the list of files cannot be read: {failure.Message}", "check HF_ENDPOINT.", failure);
        }
    }

    [GeneratedRegex(@"-of-(\d{5})\.")]
    private static partial Regex Shard();

    private sealed record Split(HubRepository Repository, string? Configuration, string Name)
    {
        public override string ToString() => $"{Prefix}{Repository.Id}:{(Configuration is null ? "" : Configuration + ":")}{Name}";

        /// <summary>The files of the split, all of one kind and one configuration, by name.</summary>
        /// <exception cref="InputException">They belong to several configurations.</exception>
        public List<string> Choose(IReadOnlyList<string> names)
        {
            // As the datasets library finds them: the split's name stands in the path, between characters that are not letters or digits.
            var pattern = new Regex($"(^|[^A-Za-z0-9]){Regex.Escape(Name)}([^A-Za-z0-9]|$)", RegexOptions.CultureInvariant);
            var matching =
                names.Where(name => pattern.IsMatch(name) && (Configuration is null || name.Split('/').SkipLast(1).Contains(Configuration))).ToList();
            var extension = Array.Find(_extensions, extension => matching.Exists(name => name.EndsWith(extension, StringComparison.Ordinal)));
            if (extension is null)
            {
                return [];
            }

            var chosen = matching.Where(name => name.EndsWith(extension, StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
            var folders = chosen.Select(name => name.Contains('/', StringComparison.Ordinal) ? name[..name.LastIndexOf('/')] : "").Distinct()
                .ToList();
            return folders.Count == 1 ? chosen
                : throw new InputException($"{this}: the dataset has several configurations: {string.Join(", ", folders.Take(12))}.",
                $"name one of them: {Prefix}{Repository.Id}:CONFIGURATION:{Name}.");
        }
    }
}
