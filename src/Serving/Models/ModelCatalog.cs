using LoraOnnx.Serving.Calls;

namespace LoraOnnx.Serving.Models;

/// <summary>
/// The models that are served, by name and version; changes without failing a call, and never two of one name and version. Thread-safe.
/// </summary>
internal sealed class ModelCatalog(
    LoadEngine loadEngine, ModelRuntime runtime, long memoryBytes, ILogger<ModelCatalog> logger, int mostVariants = int.MaxValue,
        ModelScope? scope = null)
    : IAsyncDisposable
{
    private readonly ModelReader _reader = new(loadEngine, runtime, logger);
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _changes = new(1); // one load, reload, swap or unload at a time
    private readonly CancellationTokenSource _closing = new();
    private readonly List<ModelSlot> _slots = []; // in the order of loading: the first is the default, the last of a name its default version
    private readonly List<Task> _draining = [];
    private long _uses;
    private int _closed;

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

    /// <summary>Those that the present caller may ask, the default one first.</summary>
    public IReadOnlyList<(ServedModel Model, string Path, bool Loaded)> Visible =>
        scope?.Names is { } names ? [.. Models.Where(entry => names.Contains(entry.Model.Name))] : Models;

    /// <summary>An error when there is no model of that name and version; null: there is, in memory or not.</summary>
    public CallError? Missing(string name, string version)
    {
        lock (_lock)
        {
            return Forbidden(ref name) ?? (Find(name, version) is null ? NotFound(name, version) : null);
        }
    }

    /// <summary>
    /// Gets hold of a model for the length of a call. Empty name: the default model; empty version: the one loaded last. One that is out of memory is
    /// read again by a
    /// task of the catalog's own: a caller that cannot wait for it gives up alone. Exactly one of the two results is set.
    /// </summary>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async ValueTask<(ModelLease? Lease, CallError? Error)> AcquireAsync(string name, string version, CancellationToken cancellationToken)
    {
        if (Forbidden(ref name) is { } forbidden)
        {
            return (null, forbidden);
        }

        while (true)
        {
            Task loading;
            lock (_lock)
            {
                if (Find(name, version) is not { } slot)
                {
                    return (null, NotFound(name, version));
                }

                Use(slot);
                if (slot.Loaded && slot.Model.TryLease() is { } lease)
                {
                    return (lease, null);
                }

                if (_closing.IsCancellationRequested)
                {
                    return (null, new CallError(ErrorKind.Unavailable, "the server is shutting down."));
                }

                loading = slot.Loading ??= Task.Run(() => ReloadAsync(slot), CancellationToken.None);
            }

            try
            {
                await loading.WaitAsync(cancellationToken);
            }
            catch (InputException failure)
            {
                ServingLog.LoadFailed(logger, name, failure.Message);
                return (null,
                    new CallError(ErrorKind.FailedPrecondition, "the model's files cannot be used any more; the server's log says why.", "model"));
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return (null, new CallError(ErrorKind.Unavailable, "the server is shutting down."));
            }
        }
    }

    /// <summary>Loads a further model or version, warmed up and tested.</summary>
    /// <exception cref="InputException">The files are wrong or the test failed.</exception>
    /// <exception cref="ModelExistsException">That name and version are served.</exception>
    public async Task<ServedModel> LoadAsync(ModelSource source, CancellationToken cancellationToken)
    {
        using var change = await BeginChangeAsync(cancellationToken);
        var model = await ReadAsync(source, change.Token);
        lock (_lock)
        {
            if (!IsServed(model, except: null))
            {
                Use(Added(model, source));
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
    /// <exception cref="ModelExistsException">The new version is served already, beside the one to be replaced.</exception>
    public async Task<(ServedModel Model, string Replaced)> SwapAsync(string name, string oldVersion, string? path, string version,
        CancellationToken cancellationToken)
    {
        using var change = await BeginChangeAsync(cancellationToken);
        ModelSlot old;
        lock (_lock)
        {
            old = (name.Length > 0 ? Find(name, oldVersion) : null) ?? throw new ModelNotFoundException(name, oldVersion, Names());
        }

        var replaced = old.Version;
        var source = old.Source with { Version = version, VersionedHash = null, Path = path ?? old.Path };
        var model = await ReadAsync(source, change.Token);
        lock (_lock)
        {
            if (IsServed(model, except: old))
            {
                model.Dispose();
                throw new ModelExistsException(model.Name, model.Version);
            }

            Replace(old, model, source);
            ServingLog.Swapped(logger, name, replaced, model.Version);
        }

        if (!old.IsVariant)
        {
            await MoveVariantsAsync(old.Model, change.Token);
        }

        return (model, replaced);
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

            // What runs on a model goes with it.
            var staying = _slots.Except(leaving).Where(slot => !slot.IsVariant).Select(slot => slot.Name).ToHashSet(StringComparer.Ordinal);
            var above = _slots.Except(leaving).Where(slot => slot.IsVariant && !staying.Contains(slot.Model.Base!.Name)); // a variant has a base
            foreach (var slot in (ModelSlot[])[.. above, .. leaving])
            {
                _slots.Remove(slot);
                Drain(slot);
            }
        }
    }

    /// <summary>Waits for the change that is going on, which is told to end; then for the last call of every model.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 1)
        {
            return;
        }

        await _closing.CancelAsync();
        await _changes.WaitAsync(CancellationToken.None); // and never lets go: no change begins any more
        Task[] draining;
        lock (_lock)
        {
            _slots.ForEach(Drain);
            _slots.Clear();
            draining = [.. _draining];
        }

        await Task.WhenAll(draining);
    }

    /// <summary>Waits until no other change is going on.</summary>
    private async Task<Change> BeginChangeAsync(CancellationToken cancellationToken)
    {
        var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        try
        {
            await _changes.WaitAsync(either.Token);
            return new Change(this, either);
        }
        catch
        {
            either.Dispose();
            throw;
        }
    }

    private async Task ReloadAsync(ModelSlot slot)
    {
        try
        {
            using var change = await BeginChangeAsync(CancellationToken.None);
            ModelSource source;
            lock (_lock)
            {
                if (slot.Loaded || !_slots.Contains(slot))
                {
                    return; // another change was faster
                }

                source = slot.Source;
            }

            var model = await ReadAsync(source, change.Token);
            lock (_lock)
            {
                if (!IsServed(model, except: slot))
                {
                    slot.Return(model);
                    Evict(keep: model);
                    return;
                }

                _slots.Remove(slot); // its file changed into what another slot serves
            }

            model.Dispose();
        }
        finally
        {
            lock (_lock)
            {
                slot.Loading = null;
            }
        }
    }

    private async Task<ServedModel> ReadAsync(ModelSource source, CancellationToken cancellationToken)
    {
        var model = source.Variant is null
            ? await _reader.ReadAsync(source, cancellationToken)
            : await _reader.ReadVariantAsync(source, await LeaseBaseAsync(source, cancellationToken), cancellationToken);
        if (_closing.IsCancellationRequested) // the token of this change may learn of it a moment later
        {
            model.Dispose();
            throw new OperationCanceledException("the server is shutting down.", _closing.Token);
        }

        return model;
    }

    /// <summary>The model that a variant runs on, read again where it is out of memory. Within a change.</summary>
    private async Task<ModelLease> LeaseBaseAsync(ModelSource source, CancellationToken cancellationToken)
    {
        var hash = source.Base is null ? source.Variant!.BaseHash : null; // asked by the caller
        ModelSlot slot;
        lock (_lock)
        {
            slot = VariantBases.Choose(_slots, source, hash);
            Use(slot);
            if (slot.Loaded && slot.Model.TryLease() is { } lease)
            {
                return lease;
            }
        }

        var model = await _reader.ReadAsync(slot.Source, cancellationToken);
        lock (_lock)
        {
            slot.Return(model);
            Evict(keep: model);
            return model.TryLease()!; // just read
        }
    }

    /// <summary>
    /// After a base was replaced: what ran on the old one is read onto the new one. What does not fit there goes on with the old one, which stays in
    /// memory for it.
    /// </summary>
    private async Task MoveVariantsAsync(ServedModel old, CancellationToken cancellationToken)
    {
        ModelSlot[] variants;
        lock (_lock)
        {
            variants = [.. _slots.Where(slot => slot.Loaded && slot.Model.Base == old)];
        }

        foreach (var slot in variants)
        {
            try
            {
                var source = slot.Source with
                {
                    Version = slot.Source.Version == slot.Model.Description.Hash[..12] ? "" : slot.Source.Version,
                    VersionedHash = null
                };
                var model = await ReadAsync(source, cancellationToken);
                lock (_lock)
                {
                    Replace(slot, model, source);
                }
            }
            catch (InputException failure)
            {
                ServingLog.LoadFailed(logger, slot.Name, failure.Message);
            }
        }
    }

    private ModelSlot Added(ServedModel model, ModelSource source)
    {
        var slot = new ModelSlot(model, source);
        _slots.Add(slot);
        return slot;
    }

    private void Replace(ModelSlot old, ServedModel model, ModelSource source)
    {
        var slot = new ModelSlot(model, source);
        _slots[_slots.IndexOf(old)] = slot;
        Use(slot);
        Drain(old);
        Evict(keep: model);
    }

    /// <summary>Who asks a variant asks its base.</summary>
    private void Use(ModelSlot slot)
    {
        slot.LastUse = ++_uses;
        if (slot.Model.Base is { } on && _slots.Find(other => other.Model == on) is { } below)
        {
            below.LastUse = ++_uses;
        }
    }

    /// <summary>An error where the caller may not ask this model; no name is the first that it may ask.</summary>
    private CallError? Forbidden(ref string name)
    {
        if (scope?.Names is not { } names)
        {
            return null;
        }

        name = name.Length > 0 ? name : names[0];
        return names.Contains(name) ? null
            : new CallError(ErrorKind.PermissionDenied, $"this key may not ask the model '{CallError.Shown(name)}'.", "model");
    }

    private bool IsServed(ServedModel model, ModelSlot? except) =>
        _slots.Exists(slot => slot != except && slot.Name == model.Name && slot.Version == model.Version);

    private ModelSlot? Find(string name, string version)
    {
        var wanted = name.Length > 0 || _slots.Count == 0 ? name : _slots[0].Name;
        return _slots.LastOrDefault(slot => slot.Name == wanted && (version.Length == 0 || slot.Version == version));
    }

    private CallError NotFound(string name, string version) =>
        new(ErrorKind.NotFound, new ModelNotFoundException(CallError.Shown(name), CallError.Shown(version), Names()).Message, "model");

    private IEnumerable<string> Names() => _slots.Where(slot => scope?.Names?.Contains(slot.Name) ?? true).Select(slot =>
        $"{slot.Name}@{slot.Version}");

    /// <summary>Unloads the models used longest ago while the files in memory are larger than allowed.</summary>
    private void Evict(ServedModel keep)
    {
        while (memoryBytes > 0
            && _slots.Where(slot => slot.Loaded).Sum(slot => slot.Model.Description.Bytes) > memoryBytes
            && _slots.Where(slot => slot.Loaded && slot.Model != keep && slot.Model != keep.Base).MinBy(slot => slot.LastUse) is { } oldest)
        {
            Evict(oldest);
        }

        while (_slots.Count(slot => slot.IsVariant && slot.Loaded) > mostVariants
            && _slots.Where(slot => slot.IsVariant && slot.Loaded && slot.Model != keep).MinBy(slot => slot.LastUse) is { } oldest)
        {
            Evict(oldest);
        }
    }

    private void Evict(ModelSlot slot)
    {
        // Memory is free once nothing runs on it.
        foreach (var above in _slots.Where(other => other.Loaded && other.Model.Base == slot.Model))
        {
            Drain(above);
        }

        Drain(slot);
        ServingLog.Evicted(logger, slot.Name, slot.Version);
    }

    private void Drain(ModelSlot slot)
    {
        _draining.RemoveAll(task => task.IsCompletedSuccessfully);
        _draining.Add(slot.Drain());
    }

    /// <summary>A change of what is served, also one that fails; its end is told.</summary>
    private sealed class Change(ModelCatalog catalog, CancellationTokenSource either) : IDisposable
    {
        /// <summary>Cancelled when who asked gives up, or the server shuts down.</summary>
        public CancellationToken Token => either.Token;

        public void Dispose()
        {
            either.Dispose();
            catalog._changes.Release();
            catalog.Changed?.Invoke();
        }
    }
}
