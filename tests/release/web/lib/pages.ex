defmodule Web.Pages do
  @moduledoc "What is answered."
  @version System.fetch_env!("WEB_VERSION")

  def answer("/hello"), do: "#{Application.get_env(:web, :greeting)} from #{@version}"
  def answer("/count"), do: Integer.to_string(Web.Counter.next())
  def answer("/state"), do: term(Web.Counter.state())
  def answer("/settings"), do: term({Application.get_env(:web, :port_file) != nil, :persistent_term.get(:config_change, :none)})
  def answer("/releases"), do: term(for {name, vsn, _, status} <- :release_handler.which_releases(), do: {name, vsn, status})
  def answer("/unpack/" <> name), do: term(:release_handler.unpack_release(String.to_charlist(name)))
  def answer("/install/" <> vsn), do: term(:release_handler.install_release(String.to_charlist(vsn)))
  def answer("/permanent/" <> vsn), do: term(:release_handler.make_permanent(String.to_charlist(vsn)))
  def answer("/release"), do: "#{send(:lingers, :leave)}"

  def answer("/linger") do
    Process.register(self(), :lingers)
    linger()
  end

  def answer("/stop") do
    spawn(fn -> Process.sleep(200) && :init.stop() end)
    "ok"
  end

  defp linger, do: receive(do: (:leave -> "lingered in #{@version}"))
  defp term(t), do: :io_lib.format("~0p", [t])
end
