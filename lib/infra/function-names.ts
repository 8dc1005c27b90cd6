/** The functions, as their folders and bundles are named. */
export type FunctionName =
  | 'resolve'
  | 'reject'
  | 'admin'
  | 'refresh-ecr'
  | 'mint-google'
  | 'recheck-static'
  | 'record-decisions'
  | 'sweep-vault'
  | 'first-admin';
