// Services: upstreams and their endpoints. Without a chosen upstream all of them, with one its endpoints, its ring and its history.
import { useParam } from "../../shell/location.ts";
import { UpstreamDetail } from "./upstream-detail.tsx";
import { UpstreamList } from "./upstream-list.tsx";

export function View() {
  const [name, choose] = useParam("upstream");
  return name === "" ? <UpstreamList open={choose} /> : <UpstreamDetail key={name} name={name} />;
}
