using LoraOnnx.CommandLine;
using LoraOnnx.Serving;

var root = ServeCommand.Create();
root.Subcommands.Add(PredictCommand.Create());
return await CommandLineProgram.RunAsync(root, args);
