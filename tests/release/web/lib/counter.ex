defmodule Web.Counter do
  @moduledoc "Counts requests. Its state is {:state, 1, n} in version 1; version 2 adds the node on which it was upgraded."
  use GenServer

  @version System.fetch_env!("WEB_VERSION")
  @vsn @version

  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: {:via, Registry, {Web.Names, :counter}})
  def next, do: GenServer.call({:via, Registry, {Web.Names, :counter}}, :next, 20_000)
  def state, do: :sys.get_state({:via, Registry, {Web.Names, :counter}})

  @impl true
  def init([]), do: {:ok, {:state, 1, 0}}

  if @version == "1" do
    @impl true
    def handle_call(:next, _from, {:state, 1, n}), do: {:reply, n + 1, {:state, 1, n + 1}}
  else
    @impl true
    def handle_call(:next, _from, {:state, 2, n, extra}), do: {:reply, n + 1, {:state, 2, n + 1, extra}}
  end

  @impl true
  def code_change({:down, _}, {:state, 2, n, _}, _extra), do: {:ok, {:state, 1, n}}
  def code_change(_, {:state, 1, n}, _extra), do: {:ok, {:state, 2, n, node()}}
end
