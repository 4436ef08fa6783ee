using LoraOnnx.Inference;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Serving.Models;

/// <summary>From files to a model that may be called: read, warmed up, tested.</summary>
internal sealed class ModelReader(LoadEngine loadEngine, ModelRuntime runtime, ILogger logger)
{
    /// <summary>Reads a model; the compute runs on a pool thread. What was opened is closed again when a later step fails.</summary>
    /// <exception cref="InputException">The files are wrong or the test failed.</exception>
    public Task<ServedModel> ReadAsync(ModelSource source, CancellationToken cancellationToken) =>
        CountedAsync(source, () => Read(source, cancellationToken), cancellationToken);

    /// <summary>Reads a variant onto its base; the lease is taken over, also where that fails.</summary>
    /// <exception cref="InputException">The files are wrong, are not for this base, or the test failed.</exception>
    public async Task<ServedModel> ReadVariantAsync(ModelSource source, ModelLease ofBase, CancellationToken cancellationToken)
    {
        try
        {
            return await CountedAsync(source, () => ReadVariant(source, ofBase, cancellationToken), cancellationToken);
        }
        catch
        {
            ofBase.Dispose();
            throw;
        }
    }

    private async Task<ServedModel> CountedAsync(ModelSource source, Func<ServedModel> read, CancellationToken cancellationToken)
    {
        try
        {
            var model = await Task.Run(read, cancellationToken);
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

    private ServedModel Read(ModelSource source, CancellationToken cancellationToken)
    {
        var stamp = FilesStamp.Of(source.Path); // before reading: a change while the files are read is seen by the next look
        var engine = loadEngine(source.Path);
        return OrClosed(engine, () =>
        {
            var speed = EngineTrial.Pass(engine, source.Path, cancellationToken);
            return new ServedModel(source, engine, CalibrationOf(source, engine), stamp, runtime, speed);
        });
    }

    private ServedModel ReadVariant(ModelSource source, ModelLease ofBase, CancellationToken cancellationToken)
    {
        var stamp = FilesStamp.Of(source.Path);
        var load = ofBase.Model.LoadVariant ?? throw InputException.InFile(source.Path, $"the model {ofBase.Model.Name} takes no adapters.");
        var engine = load(source.Variant! with { Path = source.Path }); // asked by the caller
        return OrClosed(engine, () =>
        {
            foreach (var note in source.VersionedHash is null ? engine.Notes : []) // said when it was first read
            {
                ServingLog.Engine(logger, note);
            }

            EngineTrial.PassVariant(engine, source.Path, cancellationToken);
            return new ServedModel(source, engine, CalibrationOf(source, engine), stamp, runtime, ofBase);
        });
    }

    private Calibration CalibrationOf(ModelSource source, LoadedEngine engine) => Calibration.LoadFor(
        ModelFiles.DirectoryOf(source.Path), engine.Model.Hash, warning => ServingLog.Engine(logger, warning));

    private static ServedModel OrClosed(LoadedEngine engine, Func<ServedModel> make)
    {
        try
        {
            return make();
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
