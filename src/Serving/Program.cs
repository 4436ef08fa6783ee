using LoraOnnx.CommandLine;
using LoraOnnx.Serving;

var (root, predict) = (ServeCommand.Create(), PredictCommand.Create());
root.Subcommands.Add(predict);
CommandHelp.Arrange(root, ServeCommand.Help, (predict, PredictCommand.Help));
return await CommandLineProgram.RunAsync(root, args);
