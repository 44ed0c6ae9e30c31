defmodule Web.Application do
  @moduledoc "The application, its supervisors and the acceptors: what stays as it is in an upgrade."
  use Application

  @impl true
  def start(_type, _args) do
    children = [
      {Registry, keys: :unique, name: Web.Names},
      {Web.Counter, []},
      {Task.Supervisor, name: Web.Connections},
      {Web.Listener, []}
    ]

    Supervisor.start_link(children, strategy: :rest_for_one, name: Web.Supervisor)
  end

  @impl true
  def config_change(changed, new, removed), do: :persistent_term.put(:config_change, {changed, new, removed})
end

defmodule Web.Listener do
  @moduledoc "Accepts connections; each is served by a task of its own, which goes on when code is replaced."
  use Task, restart: :permanent

  def start_link(_), do: Task.start_link(__MODULE__, :listen, [])

  def listen do
    {:ok, listen} =
      :gen_tcp.listen(0, [:binary, active: false, packet: :http_bin, reuseaddr: true, backlog: 128, ip: {127, 0, 0, 1}])

    {:ok, port} = :inet.port(listen)
    File.write!(Application.fetch_env!(:web, :port_file), Integer.to_string(port))
    accept(listen)
  end

  defp accept(listen) do
    {:ok, socket} = :gen_tcp.accept(listen)
    {:ok, pid} = Task.Supervisor.start_child(Web.Connections, fn -> receive(do: (:go -> serve(socket))) end)
    :ok = :gen_tcp.controlling_process(socket, pid)
    send(pid, :go)
    accept(listen)
  end

  defp serve(socket) do
    with {path, keep} <- request(socket, nil, true) do
      body = path |> Web.Pages.answer() |> IO.iodata_to_binary()
      :ok = :gen_tcp.send(socket, ["HTTP/1.1 200 OK\r\ncontent-length: #{byte_size(body)}\r\n\r\n", body])
      if keep, do: serve(socket), else: :gen_tcp.close(socket)
    else
      :closed -> :gen_tcp.close(socket)
    end
  end

  defp request(socket, path, keep) do
    case :gen_tcp.recv(socket, 0) do
      {:ok, {:http_request, :GET, {:abs_path, p}, _}} -> request(socket, p, keep)
      {:ok, {:http_header, _, :Connection, _, "close"}} -> request(socket, path, false)
      {:ok, {:http_header, _, _, _, _}} -> request(socket, path, keep)
      {:ok, :http_eoh} -> {path, keep}
      {:error, _} -> :closed
    end
  end
end
