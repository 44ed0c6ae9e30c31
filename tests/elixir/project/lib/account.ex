defmodule Ledger.NoAccount do
  defexception [:name]
  @impl true
  def message(%{name: name}), do: "no account #{inspect(name)}"
end

defmodule Ledger.Account do
  use GenServer, restart: :transient
  require Logger

  defstruct name: nil, cents: 0, log: []
  @type t :: %__MODULE__{name: String.t(), cents: integer, log: [integer]}

  def start_link({name, _} = arg), do: GenServer.start_link(__MODULE__, arg, name: via(name))
  def via(name), do: {:via, Registry, {Ledger.Names, name}}

  def via!(name) do
    case Registry.lookup(Ledger.Names, name) do
      [{pid, _}] -> pid
      [] -> raise Ledger.NoAccount, name: name
    end
  end

  @impl true
  def init({name, cents}), do: {:ok, %__MODULE__{name: name, cents: cents}, {:continue, :opened}}

  @impl true
  def handle_continue(:opened, state) do
    Logger.debug("opened #{state.name}")
    {:noreply, state}
  end

  @impl true
  def handle_call(:balance, _from, state), do: {:reply, state.cents, state}

  def handle_call({:add, n}, _from, %{cents: c} = state) when c + n >= 0 do
    {:reply, {:ok, c + n}, %{state | cents: c + n, log: [n | state.log]}}
  end

  def handle_call({:add, n}, _from, state) do
    Logger.warning("refused #{n} from #{state.name}")
    {:reply, {:error, :not_enough}, state}
  end

  def handle_call(:crash, _from, state), do: {:reply, state.missing, state}
end

defmodule Ledger.Application do
  use Application

  @impl true
  def start(_type, _args) do
    children = [
      {Registry, keys: :unique, name: Ledger.Names},
      {DynamicSupervisor, name: Ledger.Accounts, strategy: :one_for_one},
      {Task.Supervisor, name: Ledger.Tasks}
    ]

    Supervisor.start_link(children, strategy: :rest_for_one, name: Ledger.Supervisor)
  end
end
