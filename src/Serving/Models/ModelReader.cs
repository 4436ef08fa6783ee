using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Serving.Models;

/// <summary>From files to a model that may be called: read, warmed up, tested.</summary>
internal sealed class ModelReader(LoadEngine loadEngine, ModelRuntime runtime, ILogger logger)
{
    /// <summary>Reads a model; the compute runs on a pool thread. What was opened is closed again when a later step fails.</summary>
    /// <exception cref="InputException">The files are wrong or the test failed.</exception>
    public async Task<ServedModel> ReadAsync(ModelSource source, CancellationToken cancellationToken)
    {
        try
        {
            var model = await Task.Run(() => Read(source, cancellationToken), cancellationToken);
            Count(source, "loaded");
            return model;
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or OutOfMemoryException))
        {
            // Whatever a native engine throws at files that it cannot use is an error in the files.
            Count(source, "failed");
            if (failure is InputException)
            {
                throw;
            }

            throw InputException.InFile(source.Path, $"cannot be loaded: {failure.Message.ReplaceLineEndings(" ")}", inner: failure);
        }
    }

    /// <summary>Reads a variant onto its base; the lease is taken over, also where that fails.</summary>
    /// <exception cref="InputException">The files are wrong, are not for this base, or the test failed.</exception>
    public async Task<ServedModel> ReadVariantAsync(ModelSource source, ModelLease ofBase, CancellationToken cancellationToken)
    {
        try
        {
            var model = await Task.Run(() => ReadVariant(source, ofBase, cancellationToken), cancellationToken);
            Count(source, "loaded");
            return model;
        }
        catch (Exception failure)
        {
            ofBase.Dispose();
            if (failure is OperationCanceledException or OutOfMemoryException)
            {
                throw;
            }

            Count(source, "failed");
            throw failure as InputException
                ?? InputException.InFile(source.Path, $"cannot be loaded: {failure.Message.ReplaceLineEndings(" ")}", inner: failure);
        }
    }

    private ServedModel ReadVariant(ModelSource source, ModelLease ofBase, CancellationToken cancellationToken)
    {
        var stamp = FilesStamp.Of(source.Path);
        var load = ofBase.Model.LoadVariant ?? throw InputException.InFile(source.Path, $"the model {ofBase.Model.Name} takes no adapters.");
        var engine = load(source.Variant! with { Path = source.Path }); // asked by the caller
        try
        {
            foreach (var note in source.VersionedHash is null ? engine.Notes : []) // said when it was first read
            {
                ServingLog.Engine(logger, note);
            }

            EngineTrial.PassVariant(engine, source.Path, cancellationToken);
            var calibration = Calibration.LoadFor(ModelSource.DirectoryOf(source.Path), engine.Model.Hash, warning =>
                ServingLog.Engine(logger, warning));
            return new ServedModel(source.Name, source.VersionFor(engine.Model.Hash), engine, calibration, stamp, runtime, ofBase);
        }
        catch
        {
            engine.Resources.Dispose();
            throw;
        }
    }

    private ServedModel Read(ModelSource source, CancellationToken cancellationToken)
    {
        var stamp = FilesStamp.Of(source.Path); // before reading: a change while the files are read is seen by the next look
        var engine = loadEngine(source.Path);
        try
        {
            var speed = EngineTrial.Pass(engine, source.Path, cancellationToken);
            var calibration = Calibration.LoadFor(ModelSource.DirectoryOf(source.Path), engine.Model.Hash, warning =>
                ServingLog.Engine(logger, warning));
            return new ServedModel(source.Name, source.VersionFor(engine.Model.Hash), engine, calibration, stamp, runtime, speed);
        }
        catch
        {
            engine.Resources.Dispose();
            throw;
        }
    }

    private void Count(ModelSource source, string outcome) =>
        runtime.Metrics.ModelLoads.Add(1, new KeyValuePair<string, object?>("outcome", outcome), new KeyValuePair<string,
            object?>("model", source.Name));
}
