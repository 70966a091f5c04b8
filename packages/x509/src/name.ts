export { type AttributeType, type AttributeTypeName, attributeTypes } from './name/attribute-types.js';
export { attributeTypeOf, buildName, type NameAttribute, type NameAttributes, type NameLevel } from './name/build.js';
export {
  type AttributeTypeAndValue,
  attributeValues,
  encodeName,
  type Name,
  nameNode,
  parseName,
  type RelativeDistinguishedName,
  readName,
  type StringType,
} from './name/codec.js';
export { matchingKey, matchingKeys, namesMatch, withinSubtree } from './name/match.js';
export { formatDistinguishedName, parseDistinguishedName } from './name/text.js';
