using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Serving.Models;

/// <summary>The models that are served, by name and version; changes without failing a call. Thread-safe.</summary>
internal sealed class ModelCatalog(LoadEngine loadEngine, ModelRuntime runtime, long memoryBytes, ILogger<ModelCatalog> logger) : IAsyncDisposable
{
    private readonly object _lock = new();
    private readonly SemaphoreSlim _changes = new(1); // one load, swap or unload at a time
    private readonly List<ModelSlot> _slots = []; // in the order of loading: the first is the default, the last of a name its default version
    private readonly List<Task> _retiring = [];
    private long _uses;

    /// <summary>Raised after models came or went, outside the lock.</summary>
    public event Action? Changed;

    /// <summary>All models, the default one first.</summary>
    public IReadOnlyList<(ServedModel Model, string Path, bool Loaded)> Models
    {
        get
        {
            lock (_lock)
            {
                return [.. _slots.Select(slot => (slot.Model, slot.Path, slot.Loaded))];
            }
        }
    }

    /// <summary>Gets hold of a model for the length of a call. Empty name: the default model; empty version: the one loaded last.</summary>
    /// <exception cref="ModelNotFoundException">There is none of that name or version.</exception>
    public async ValueTask<ModelLease> AcquireAsync(string name, string version, CancellationToken cancellationToken)
    {
        while (true)
        {
            ModelSlot slot;
            lock (_lock)
            {
                slot = Find(name, version) ?? throw new ModelNotFoundException(name, version, Names());
                slot.LastUse = ++_uses;
                if (slot.Loaded && slot.Model.TryLease())
                {
                    return new ModelLease(slot.Model);
                }
            }

            await ReloadAsync(slot, cancellationToken);
        }
    }

    /// <summary>Loads a further model or version, warmed up and tested.</summary>
    /// <exception cref="InputException">The files are wrong or the test failed.</exception>
    /// <exception cref="ModelExistsException">That name and version are served.</exception>
    public async Task<ServedModel> LoadAsync(ModelSource source, CancellationToken cancellationToken)
    {
        using var change = await BeginChangeAsync(cancellationToken);
        var model = await ReadAsync(source, cancellationToken);
        lock (_lock)
        {
            if (Find(model.Name, model.Version) is null)
            {
                _slots.Add(new ModelSlot(model, source.Path) { LastUse = ++_uses });
                Evict(keep: model);
                return model;
            }
        }

        model.Dispose();
        throw new ModelExistsException(model.Name, model.Version);
    }

    /// <summary>Replaces a version of a name (empty: the newest one). The old one goes on with the calls it has.</summary>
    /// <exception cref="InputException">The new files are wrong or the test failed; the old model stays.</exception>
    /// <exception cref="ModelNotFoundException">There is no model of that name.</exception>
    public async Task<(ServedModel Model, string Replaced)> SwapAsync(string name, string oldVersion, string? path, string version, CancellationToken cancellationToken)
    {
        using var change = await BeginChangeAsync(cancellationToken);
        ModelSlot old;
        lock (_lock)
        {
            old = (name.Length > 0 ? Find(name, oldVersion) : null) ?? throw new ModelNotFoundException(name, oldVersion, Names());
        }

        var model = await ReadAsync(new ModelSource(name, version, path ?? old.Path), cancellationToken);
        lock (_lock)
        {
            _slots[_slots.IndexOf(old)] = new ModelSlot(model, path ?? old.Path) { LastUse = ++_uses };
            if (old.Loaded)
            {
                Retire(old);
            }

            Evict(keep: model);
        }

        ServingLog.Swapped(logger, name, old.Version, model.Version);
        return (model, old.Version);
    }

    /// <summary>Stops serving a name, or one version of it. Calls that have it finish.</summary>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    public async Task UnloadAsync(string name, string version, CancellationToken cancellationToken)
    {
        using var change = await BeginChangeAsync(cancellationToken);
        lock (_lock)
        {
            var leaving = _slots.Where(slot => slot.Name == name && (version.Length == 0 || slot.Version == version)).ToArray();
            if (leaving.Length == 0)
            {
                throw new ModelNotFoundException(name, version, Names());
            }

            foreach (var slot in leaving)
            {
                _slots.Remove(slot);
                if (slot.Loaded)
                {
                    Retire(slot);
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task[] retiring;
        lock (_lock)
        {
            foreach (var slot in _slots.Where(slot => slot.Loaded))
            {
                Retire(slot);
            }

            _slots.Clear();
            retiring = [.. _retiring];
        }

        await Task.WhenAll(retiring);
        _changes.Dispose();
    }

    /// <summary>Waits until no other change is going on.</summary>
    private async Task<Change> BeginChangeAsync(CancellationToken cancellationToken)
    {
        await _changes.WaitAsync(cancellationToken);
        return new Change(this);
    }

    private async Task ReloadAsync(ModelSlot slot, CancellationToken cancellationToken)
    {
        using var change = await BeginChangeAsync(cancellationToken);
        lock (_lock)
        {
            if (slot.Loaded || !_slots.Contains(slot))
            {
                return; // somebody else was faster
            }
        }

        // A file that changed while the model was out of memory is another version.
        var model = await ReadAsync(new ModelSource(slot.Name, slot.Version, slot.Path) { VersionedHash = slot.Model.Description.Hash }, cancellationToken);
        lock (_lock)
        {
            slot.Model = model;
            slot.Loaded = true;
            Evict(keep: model);
        }
    }

    /// <summary>Reads, warms up and tests; the compute runs on a pool thread.</summary>
    private async Task<ServedModel> ReadAsync(ModelSource source, CancellationToken cancellationToken)
    {
        try
        {
            var model = await Task.Run(() => Read(source, cancellationToken), cancellationToken);
            CountLoad(source, "loaded");
            return model;
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or OutOfMemoryException))
        {
            // Whatever a native engine throws at files that it cannot use is an error in the files.
            CountLoad(source, "failed");
            if (failure is InputException)
            {
                throw;
            }

            throw InputException.InFile(source.Path, $"cannot be loaded: {failure.Message.ReplaceLineEndings(" ")}", inner: failure);
        }
    }

    private void CountLoad(ModelSource source, string outcome) =>
        runtime.Metrics.ModelLoads.Add(1, new KeyValuePair<string, object?>("outcome", outcome), new KeyValuePair<string, object?>("model", source.Name));

    private ServedModel Read(ModelSource source, CancellationToken cancellationToken)
    {
        var stamp = FilesStamp.Of(source.Path); // before reading: a change while the files are read is seen by the next look
        var engine = loadEngine(source.Path);
        try
        {
            var speed = EngineTrial.Pass(engine, source.Path, cancellationToken);
            var calibration = Calibration.LoadFor(ModelSource.DirectoryOf(source.Path), engine.Model.Hash, warning => ServingLog.Engine(logger, warning));
            return new ServedModel(source.Name, source.VersionFor(engine.Model.Hash), engine, calibration, stamp, runtime, speed);
        }
        catch
        {
            engine.Resources.Dispose();
            throw;
        }
    }

    private ModelSlot? Find(string name, string version) => version.Length == 0
        ? name.Length == 0 ? _slots.FirstOrDefault() is { } first ? _slots.Last(slot => slot.Name == first.Name) : null : _slots.LastOrDefault(slot => slot.Name == name)
        : _slots.LastOrDefault(slot => slot.Version == version && (name.Length == 0 ? slot.Name == _slots[0].Name : slot.Name == name));

    private IEnumerable<string> Names() => _slots.Select(slot => $"{slot.Name}@{slot.Version}");

    /// <summary>Unloads the models used longest ago while the files in memory are larger than allowed.</summary>
    private void Evict(ServedModel keep)
    {
        while (memoryBytes > 0
            && _slots.Where(slot => slot.Loaded).Sum(slot => slot.Model.Description.Bytes) > memoryBytes
            && _slots.Where(slot => slot.Loaded && slot.Model != keep).MinBy(slot => slot.LastUse) is { } oldest)
        {
            oldest.Loaded = false;
            Retire(oldest);
            ServingLog.Evicted(logger, oldest.Name, oldest.Version);
        }
    }

    private void Retire(ModelSlot slot)
    {
        _retiring.RemoveAll(task => task.IsCompletedSuccessfully);
        _retiring.Add(Task.Run(slot.Model.RetireAsync));
    }

    /// <summary>A change of what is served, also one that fails; its end is told.</summary>
    private readonly struct Change(ModelCatalog catalog) : IDisposable
    {
        public void Dispose()
        {
            catalog._changes.Release();
            catalog.Changed?.Invoke();
        }
    }
}
