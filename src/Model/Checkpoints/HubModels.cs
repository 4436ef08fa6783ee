using System.Text.Json;
using LoraOnnx.Hub;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Model.Checkpoints;

/// <summary>Turns a MODEL of the command line into a checkpoint directory: a directory as it is, a hub id (<c>NAME</c> or <c>NAME@REVISION</c>)
/// through the cache.</summary>
public static class HubModels
{
    /// <summary>What a checkpoint cannot do without, weights aside.</summary>
    private static readonly string[] _required = [ModelConfig.FileName];

    /// <summary>Names that no one on the hub goes by and folders of models, files and results have.</summary>
    private static readonly HashSet<string> _projectFolders = new(
        ["models", "model", "onnx", "runs", "run", "data", "samples", "out", "output", "outputs", "checkpoints", "adapters", "results", "tmp"],
        StringComparer.OrdinalIgnoreCase);

    private static readonly string[] _optional = [.. TextTokenizer.FileNames];

    /// <summary>The directory of a model. Anything that is neither a directory nor a possible id is given back as it is, for whoever opens it to say
    /// what is wrong.</summary>
    /// <exception cref="InputException">There is no such model, it may not be read, or it cannot be fetched.</exception>
    public static string Locate(string model, IProgress<HubProgress>? progress, CancellationToken cancellationToken) =>
        Locate(model, HubSettings.FromEnvironment, progress, cancellationToken);

    /// <summary>As the other one, with settings that are read only when they are needed.</summary>
    internal static string Locate(string model, Func<HubSettings> settings, IProgress<HubProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Path.Exists(model) || LooksLocal(model) || HubRepository.Parse(model, isDataset: false) is not { } repository ? model
            : Locate(repository, settings(), progress, cancellationToken);
    }

    /// <summary>True where the first of two names is a folder of the current directory, or called as folders of a project are: the hub is asked for
    /// such a model by its revision alone, as in <c>models/x@main</c>.</summary>
    private static bool LooksLocal(string model) => !model.Contains('@', StringComparison.Ordinal) && model.Split('/') is [var first, _]
        && (_projectFolders.Contains(first) || Directory.Exists(first));

    private static string Locate(HubRepository repository, HubSettings settings, IProgress<HubProgress>? progress,
        CancellationToken cancellationToken)
    {
        var cache = new HubCache(settings, repository);
        if (repository.IsPinned && IsWhole(cache, repository.Revision))
        {
            return cache.SnapshotPath(repository.Revision);
        }

        var cached = cache.KnownCommit() is { } known && IsUsable(cache, known) ? cache.SnapshotPath(known) : null;
        if (settings.IsOffline)
        {
            return cached ?? throw new InputException(
                $"{repository.Id}: no directory of that name, the cache {settings.CacheDirectory} has no such model, and HF_HUB_OFFLINE is set.",
                "fetch it once with HF_HUB_OFFLINE unset.");
        }

        try
        {
            using var client = new HubClient(settings);
            var commit = Fetch(client, cache, repository, settings, progress, cancellationToken);
            return cache.SnapshotPath(commit);
        }
        catch (HubUnreachableException failure)
        {
            if (cached is not null)
            {
                progress?.Report(new($"{failure.Message} The copy in the cache is used.", null));
            }

            return cached ?? throw failure.ToInputException($"{repository.Id}: no directory of that name");
        }
    }

    private static string Fetch(HubClient client, HubCache cache, HubRepository repository, HubSettings settings, IProgress<HubProgress>? progress,
        CancellationToken cancellationToken)
    {
        var config = client.Describe(repository, ModelConfig.FileName, cancellationToken)
            ?? throw HubErrors.NotFound($"{repository.Id}: {settings.Endpoint.Host} has no {ModelConfig.FileName}", repository);
        var commit = config.Commit;
        cache.Remember(commit);
        if (IsWhole(cache, commit))
        {
            return commit;
        }

        var download = new HubDownload(client, cache, repository, progress);
        bool TryFetch(string name)
        {
            if (cache.Has(commit, name))
            {
                return true;
            }

            if (client.Describe(repository, name, cancellationToken) is not { } file)
            {
                cache.RememberAbsent(commit, name);
                return false;
            }

            if (file.Commit != commit)
            {
                throw new InputException(
                    $"{repository.Id}: '{repository.Revision}' has moved from {commit[..7]} to {file.Commit[..7]} during the download.",
                    "run it again.");
            }

            download.Fetch(name, file, cancellationToken);
            return true;
        }

        void Fetch(string name)
        {
            if (!TryFetch(name))
            {
                throw new InputException($"{repository.Id}: the model has no {name}.",
                    $"a classifier has {string.Join(", ", _required)} and {Checkpoint.WeightsFileName}.");
            }
        }

        // Small files first: what is wrong with a model shows before its weights are fetched.
        Array.ForEach(_required, Fetch);
        Array.ForEach(_optional, name => TryFetch(name));
        if (!TextTokenizer.VocabularyNames.Any(name => cache.Has(commit, name)))
        {
            throw new InputException($"{repository.Id}: the model has no {string.Join(" or ", TextTokenizer.VocabularyNames)}.",
                "one of them has the words.");
        }

        if (!TryFetch(Checkpoint.WeightsFileName))
        {
            Fetch(Checkpoint.ShardIndexFileName);
            foreach (var shard in Shards(cache, commit))
            {
                Fetch(shard);
            }
        }

        return commit;
    }

    /// <summary>True when the model can be read from the cache.</summary>
    private static bool IsUsable(HubCache cache, string commit) => _required.All(name => cache.Has(commit, name))
        && TextTokenizer.VocabularyNames.Any(name => cache.Has(commit, name)) && (cache.Has(commit, Checkpoint.WeightsFileName)
        || (cache.Has(commit, Checkpoint.ShardIndexFileName) && Shards(cache, commit).All(shard => cache.Has(commit, shard))));

    /// <summary>True when nothing needs to be asked of the hub: each optional file is there or known to be absent.</summary>
    private static bool IsWhole(HubCache cache, string commit) =>
        IsUsable(cache, commit) && _optional.All(name => cache.Has(commit, name) || cache.IsKnownAbsent(commit, name));

    private static SortedSet<string> Shards(HubCache cache, string commit)
    {
        var path = Path.Combine(cache.SnapshotPath(commit), Checkpoint.ShardIndexFileName);
        // the kind is checked
        var names = JsonFields.Load(path).Entries("weight_map").Where(entry => entry.Value.ValueKind == JsonValueKind.String)
            .Select(entry => entry.Value.GetString()!);
        var shards = new SortedSet<string>(names, StringComparer.Ordinal);
        var outside = shards.FirstOrDefault(name => Path.GetFileName(name) != name || name is "" or "." or "..");
        return outside is null ? shards
            : throw InputException.InFile(path, $"'weight_map' has the file '{outside}', expected a file name in the same directory.");
    }
}
