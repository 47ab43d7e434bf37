// The npm package of workerd: where its binary is.
declare module "workerd" {
  const workerd: { readonly default: string; readonly version: string };
  export default workerd;
}
